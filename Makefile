# make            build everything into build/bin
# make check      build and run all tests (installs what is missing)
# make demo       train, segment and judge on a real brain, in minutes (installs what is missing)
# make install    DESTDIR= prefix=/usr/local
# make check-gpu  the tests of the GPU's backend on the GPU that is here
# Switches: SAN=1 (address and undefined-behaviour sanitizers), REAL=double (gradient checks), FUZZ=1 (libFuzzer, clang),
#           CUDA=0 (no GPU; the default where nvcc or cuDNN is missing)

CC      ?= cc
CFLAGS  ?= -O2 -g
prefix  ?= /usr/local
SAN     ?= 0
REAL    ?= float
FUZZ    ?= 0
NVCC    ?= nvcc
CUDA_HOME := $(patsubst %/bin/,%,$(dir $(realpath $(shell command -v $(NVCC)))))
CUDA    ?= $(if $(filter 0float0,$(SAN)$(REAL)$(FUZZ)),$(if $(wildcard $(CUDA_HOME)/include/cudnn_graph.h),1,0),0)
B       ?= build$(if $(filter 1,$(SAN)),/san)$(if $(filter double,$(REAL)),/double)$(if $(filter 1,$(FUZZ)),/fuzz)

PACKAGES := gcc make pkg-config perl mandoc libmsgpack-dev libhdf5-dev libnifti-dev libpng-dev libjpeg-dev libtiff-dev libzip-dev zlib1g-dev libopenblas-openmp-dev \
	libdnnl-dev libcmocka-dev python3-numpy python3-msgpack mricron-data

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
DEFS    := -D_GNU_SOURCE
COMMIT  := $(shell git describe --always --dirty 2>/dev/null || echo release)
INCLUDE := -Icommon -isystem /usr/include/hdf5/serial -isystem /usr/include/nifti
LIBS    := -lmsgpackc -lz -lm -lpthread
LIBS_IO := -L/usr/lib/$(shell $(CC) -dumpmachine)/hdf5/serial -lhdf5 -lpng -ljpeg -ltiff -lzip
LIBS_NN := -ldnnl -lopenblas -fopenmp -rdynamic
ifeq ($(SAN),1)
CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(REAL),double)
DEFS    += -DPM_REAL_DOUBLE
endif
ifeq ($(FUZZ),1)
CC      := clang
CFLAGS  += -fsanitize=fuzzer-no-link,address,undefined
LDFLAGS += -fsanitize=fuzzer,address,undefined
endif

# One library per layer that a tool may link: the engine only into train and infer.
BASE    := $(wildcard common/base/*.c common/io/*.c common/tensor/*.c common/transform/*.c common/metric/*.c common/compat/*.c)
ENGINE  := $(wildcard common/nn/*.c common/cpu/*.c common/net/*.c common/loss/*.c common/agent/*.c) common/cuda/device.c
# Kernels are compiled once per instruction set; cpu/dispatch.c picks at run time.
KERNELS := $(wildcard common/cpu/kernels/*.c)
ISAS    := base avx2 avx512 avx512bf16
ISA_base       :=
ISA_avx2       := -mavx2 -mfma
ISA_avx512     := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mprefer-vector-width=512
ISA_avx512bf16 := $(ISA_avx512) -mavx512bf16

CMDS    := $(notdir $(wildcard cmd/pymic-*))
NN_CMDS := pymic-train pymic-infer
UNITS   := $(basename $(notdir $(wildcard tests/unit/*_test.c)))
NN_UNITS := $(basename $(notdir $(wildcard tests/nn/*_test.c)))
GPU_UNITS := $(basename $(notdir $(wildcard tests/gpu/*_test.c)))
TOOLS   := $(basename $(notdir $(wildcard tests/tool/*.c)))
FUZZES  := $(basename $(notdir $(wildcard tests/fuzz/*_fuzz.c)))

BASE_O   := $(BASE:%.c=$B/%.o)
ENGINE_O := $(ENGINE:%.c=$B/%.o) $(foreach i,$(ISAS),$(KERNELS:%.c=$B/%.$i.o))

# The GPU's backend is a shared object that train and infer load: kernels by nvcc, convolutions of cuBLASLt and cuDNN, the table.
SMS     := 80 90
CU      := $(wildcard common/cuda/kernels/*.cu)
GPU_C   := $(addprefix common/cuda/,table.c engine.c cudnn.c gemm.c plan_cache.c)
# Its twin: the same kernels as C, the host in place of a GPU.
TWIN    := $B/tests/libpymic-twin.so
TWIN_O  := $(CU:%.cu=$B/twin/%.o) $B/twin/common/cuda/table.o $B/twin/common/cuda/twin.o

all: $(CMDS:%=$B/bin/%) $(if $(filter 1,$(CUDA)),$B/bin/libpymic-cuda.so)

# Objects depend on the flags they were made with.
FLAGS := $(CC) $(CFLAGS) $(DEFS)
$B/flags: always
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','\'',$(FLAGS))' > $@

# --version names the commit; that alone makes nothing else anew.
$B/common/base/help.o: DEFS += -DPM_COMMIT='"$(COMMIT)"' -DPM_FLAGS='"$(CFLAGS)"'
$B/common/base/help.o: $B/commit
$B/commit: always
	@mkdir -p $(@D); echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@

# Loops over voxels, and random numbers for them: vectorised, with the same results (neither traps nor errno are looked at).
LOOPS   := -O3 -fno-trapping-math -fno-math-errno

COMPILE = @mkdir -p $(@D); echo "CC $@"; $(CC) -std=gnu11 $(WARN) $(DEFS) $(INCLUDE) $(CFLAGS)

$B/%.o: %.c $B/flags
	$(COMPILE) $(if $(filter common/tensor/% common/transform/% common/base/rng.c common/cpu/tile.c,$<),$(LOOPS)) $(if $(filter common/cpu/% common/nn/% common/net/%,$<),-fopenmp) -MMD -MP -c $< -o $@

define isa
$B/%.$1.o: %.c $B/flags
	$$(COMPILE) -O3 -fopenmp -ffp-contract=fast -Wno-psabi $(ISA_$1) -DPM_ISA=$1 -MMD -MP -c $$< -o $$@
endef
$(foreach i,$(ISAS),$(eval $(call isa,$i)))

CUDA_VERSION = $(shell $(NVCC) --version | sed -n 's/.*release \([0-9.]*\).*/\1/p')
NVCC_FLAGS = -std=c++17 -O3 -lineinfo $(foreach s,$(SMS),-gencode arch=compute_$s,code=sm_$s) -gencode arch=compute_90,code=compute_90 -Werror all-warnings \
	-Xptxas -v -Xcompiler -fPIC,-Wall,-Wno-unknown-pragmas -D_GNU_SOURCE -DPM_CUDA_VERSION='"$(CUDA_VERSION)"' -Icommon

# What ptxas says of each kernel is kept beside the object.
$B/%.cu.o: %.cu $B/flags
	@mkdir -p $(@D); echo "NVCC $@"
	@$(NVCC) $(NVCC_FLAGS) -MMD -MP -c $< -o $@ > $@.log 2>&1 || { cat $@.log; rm -f $@; exit 1; }
$(GPU_C:%.c=$B/gpu/%.o): $B/gpu/%.o: %.c $B/flags
	$(COMPILE) -isystem $(CUDA_HOME)/include -fPIC -MMD -MP -c $< -o $@
$B/bin/libpymic-cuda.so: $(CU:%.cu=$B/%.cu.o) $B/common/cuda/runtime.cu.o $(GPU_C:%.c=$B/gpu/%.o)
	@mkdir -p $(@D); echo "LD $@"
	@$(NVCC) -shared -cudart static $^ -L$(CUDA_HOME)/lib64 -lcublasLt -lcudnn -o $@
	@awk -f common/cuda/kernels.awk $(CU:%.cu=$B/%.cu.o.log) > $B/cuda-kernels.tsv

# What can be tested of them without a GPU: products of matrices, and the choice.
$B/tests/gemm_test: $B/gpu/common/cuda/gemm.o
$B/tests/engine_test: $(addprefix $B/gpu/common/cuda/,engine.o plan_cache.o)
$(GPU_UNITS:%=$B/tests/%): $B/tests/%: tests/gpu/%.c $B/libpymic.a $B/flags
	$(COMPILE) -isystem $(CUDA_HOME)/include $(LDFLAGS) $< $(filter %.o,$^) $B/libpymic.a $(LIBS_IO) $(LIBS) -lcmocka -o $@

$B/twin/%.o: %.cu $B/flags
	$(COMPILE) -O2 -fPIC -fopenmp -MMD -MP -x c -c $< -o $@
$B/twin/%.o: %.c $B/flags
	$(COMPILE) -O2 -fPIC -fopenmp -MMD -MP -c $< -o $@
$(TWIN): $(TWIN_O)
	@mkdir -p $(@D); echo "LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -shared $^ -fopenmp -o $@

$B/libpymic.a: $(BASE_O)
$B/libpymic-nn.a: $(ENGINE_O)
%.a:
	@rm -f $@
	@$(AR) rc $@ $^

$(foreach c,$(CMDS),$(eval $B/bin/$c: $(patsubst %.c,$B/%.o,$(wildcard cmd/$c/*.c))))
$(NN_CMDS:%=$B/bin/%) $(NN_UNITS:%=$B/tests/%): $B/libpymic-nn.a
$(NN_CMDS:%=$B/bin/%) $(NN_UNITS:%=$B/tests/%): private NN := $(LIBS_NN)
$(TOOLS:%=$B/tests/%): $B/tests/%: $B/tests/tool/%.o
$(CMDS:%=$B/bin/%) $(TOOLS:%=$B/tests/%): $B/libpymic.a
	@mkdir -p $(@D); echo "LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(filter %-nn.a,$^) $B/libpymic.a $(LIBS_IO) $(NN) $(LIBS) -o $@

$(UNITS:%=$B/tests/%): $B/tests/%: $B/tests/unit/%.o
$(NN_UNITS:%=$B/tests/%): $B/tests/%: $B/tests/nn/%.o
$B/tests/gradient_test: private LDFLAGS += -Wl,--wrap=op_detach,--wrap=graph_slope,--wrap=param
$(UNITS:%=$B/tests/%) $(NN_UNITS:%=$B/tests/%): $B/libpymic.a
	@mkdir -p $(@D); echo "LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(filter %-nn.a,$^) $B/libpymic.a $(LIBS_IO) $(NN) $(LIBS) -lcmocka -o $@

# Without clang a driver of our own mutates the inputs; with it libFuzzer brings the main function.
$(FUZZES:%=$B/tests/%): $B/tests/%: $B/tests/fuzz/%.o $(if $(filter 1,$(FUZZ)),,$B/tests/fuzz/driver.o) $B/libpymic.a
	@mkdir -p $(@D); echo "LD $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $B/libpymic.a $(LIBS_IO) $(LIBS) -o $@

tests: $(UNITS:%=$B/tests/%) $(NN_UNITS:%=$B/tests/%) $(TOOLS:%=$B/tests/%) $(FUZZES:%=$B/tests/%) $(TWIN) $(if $(filter 1,$(CUDA)),$(GPU_UNITS:%=$B/tests/%))
fuzz: $(FUZZES:%=$B/tests/%)

# What the double build is for.
exact: $(filter %/gradient_test %/golden_net_test %/noisy_test,$(NN_UNITS:%=$B/tests/%))

deps:
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	[ -z "$$missing" ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }

# As many jobs as there are processors, where the caller did not say.
JOBS = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# A test that hangs fails after twenty minutes, with all that it started.
PROVE = prove --exec 'timeout 1200 sh' --timer

check: deps
	@$(MAKE) --no-print-directory $(JOBS) all tests
	@$(MAKE) --no-print-directory $(JOBS) REAL=double SAN=$(SAN) exact
	@OMP_WAIT_POLICY=passive BIN=$(CURDIR)/$B/bin TESTS=$(CURDIR)/$B/tests DOUBLE=$(CURDIR)/$B/double/tests SAN=$(SAN) $(PROVE) -j 2 $(sort $(wildcard tests/*.t))

check-gpu: deps
	@$(MAKE) --no-print-directory $(JOBS) all tests
	@BIN=$(CURDIR)/$B/bin TESTS=$(CURDIR)/$B/tests $(PROVE) tests/gpu/*.t

demo: deps
	@start=$$(date +%s); $(MAKE) --no-print-directory $(JOBS) all && START=$$start BIN=$(CURDIR)/$B/bin sh demo/run.sh

# The pages are checked in; a test says when one no longer fits its tool.
man: all
	@for c in $(CMDS); do sh man/splice $B/bin/$$c man/$$c.1.in > man/$$c.1.part && mv man/$$c.1.part man/$$c.1 || exit 1; done

install: all
	install -d $(DESTDIR)$(prefix)/bin $(addprefix $(DESTDIR)$(prefix)/share/,man/man1 man/man7 doc/pymic pymic)
	install -m 755 $(CMDS:%=$B/bin/%) $(DESTDIR)$(prefix)/bin
	install -m 644 $(CMDS:%=man/%.1) $(DESTDIR)$(prefix)/share/man/man1
	install -m 644 man/pymic.7 $(DESTDIR)$(prefix)/share/man/man7
	install -m 644 README.md LICENSE $(DESTDIR)$(prefix)/share/doc/pymic
	install -m 644 python/pymic_stream.py $(DESTDIR)$(prefix)/share/pymic
ifeq ($(CUDA),1)
	install -d $(DESTDIR)$(prefix)/lib/pymic
	install -m 755 $B/bin/libpymic-cuda.so $(DESTDIR)$(prefix)/lib/pymic
endif

uninstall:
	rm -f $(CMDS:%=$(DESTDIR)$(prefix)/bin/%) $(CMDS:%=$(DESTDIR)$(prefix)/share/man/man1/%.1)
	rm -f $(DESTDIR)$(prefix)/share/man/man7/pymic.7
	rm -rf $(DESTDIR)$(prefix)/share/doc/pymic $(DESTDIR)$(prefix)/share/pymic $(DESTDIR)$(prefix)/lib/pymic

clean:
	rm -rf build

.PHONY: all tests exact deps check check-gpu demo man install uninstall clean always
-include $(shell find $B -name '*.d' 2>/dev/null)

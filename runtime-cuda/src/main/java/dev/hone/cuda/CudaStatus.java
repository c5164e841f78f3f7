package dev.hone.cuda;

import java.util.List;

/**
 * Whether a machine can compute on an NVIDIA GPU, or what is in the way. Each says what is so, and
 * what to do about it.
 */
public sealed interface CudaStatus {
  /** What is so, in a sentence. */
  String text();

  /** What to do about it, in a sentence; empty where nothing is to be done. */
  String remedy();

  /**
   * All that can be found by reading files is in place.
   *
   * @param driver the driver's version; empty where it cannot be read
   * @param gpus names of the GPUs; empty where they cannot be read
   */
  record Ready(String driver, List<String> gpus) implements CudaStatus {
    /** Copies the names. */
    public Ready {
      gpus = List.copyOf(gpus);
    }

    @Override
    public String text() {
      return "The GPU, its driver "
          + (driver.isEmpty() ? "" : driver + " ")
          + "and all libraries are in place.";
    }

    @Override
    public String remedy() {
      return "";
    }
  }

  /**
   * The GPU path is made for other machines.
   *
   * @param platform operating system and processor
   */
  record UnsupportedPlatform(String platform) implements CudaStatus {
    @Override
    public String text() {
      return "Hone computes on NVIDIA GPUs under Linux on x86-64, but this is " + platform + ".";
    }

    @Override
    public String remedy() {
      return "Use Device.cpu() here.";
    }
  }

  /** There is no NVIDIA GPU in the machine, as far as its bus tells. */
  record NoGpu() implements CudaStatus {
    @Override
    public String text() {
      return "This machine shows no NVIDIA GPU: no device files /dev/nvidia0, /dev/nvidia1, …, no"
          + " driver, and none on its bus.";
    }

    @Override
    public String remedy() {
      return "Run on a machine with a GPU of compute capability 7.5 (Turing) or newer, or use"
          + " Device.cpu().";
    }
  }

  /**
   * A container that was not given the GPU.
   *
   * @param kubernetes whether it is a pod of Kubernetes
   */
  record GpuNotPassed(boolean kubernetes) implements CudaStatus {
    @Override
    public String text() {
      return "The GPU was not given to this container: the host has one, but the container has no"
          + " device file for it.";
    }

    @Override
    public String remedy() {
      return kubernetes
          ? "Give the pod the limit nvidia.com/gpu: 1; the node needs NVIDIA's device plugin."
          : "Start the container with --gpus all; the host needs the nvidia-container-toolkit.";
    }
  }

  /**
   * A GPU is there, but its driver is not loaded.
   *
   * @param gpus names of the GPUs
   */
  record DriverNotLoaded(List<String> gpus) implements CudaStatus {
    /** Copies the names. */
    public DriverNotLoaded {
      gpus = List.copyOf(gpus);
    }

    @Override
    public String text() {
      return "There is a GPU, " + String.join(", ", gpus) + ", but NVIDIA's driver is not loaded.";
    }

    @Override
    public String remedy() {
      return "Install NVIDIA's driver, version "
          + CudaNeeds.DRIVER
          + " or newer, and check it with nvidia-smi; after an installation the machine may have to"
          + " be started again.";
    }
  }

  /**
   * Device files that CUDA needs are not there, though the driver is loaded.
   *
   * @param nodes their names
   */
  record DeviceFilesMissing(List<String> nodes) implements CudaStatus {
    /** Copies the names. */
    public DeviceFilesMissing {
      nodes = List.copyOf(nodes);
    }

    @Override
    public String text() {
      return "The driver is loaded, but these device files are missing: "
          + String.join(", ", nodes)
          + ".";
    }

    @Override
    public String remedy() {
      return "Make them with 'nvidia-modprobe -c 0 -u' as root, or give them to the container.";
    }
  }

  /**
   * This user may not use the GPU.
   *
   * @param nodes device files that may not be read and written
   */
  record DeviceDenied(List<String> nodes) implements CudaStatus {
    /** Copies the names. */
    public DeviceDenied {
      nodes = List.copyOf(nodes);
    }

    @Override
    public String text() {
      return "This user may not read and write " + String.join(", ", nodes) + ".";
    }

    @Override
    public String remedy() {
      return "Add the user to the group that owns these files (often video or render), or start the"
          + " process as another user.";
    }
  }

  /**
   * All GPUs are of a generation that CUDA 13 has left behind.
   *
   * @param gpus names of the GPUs
   */
  record ArchitectureTooOld(List<String> gpus) implements CudaStatus {
    /** Copies the names. */
    public ArchitectureTooOld {
      gpus = List.copyOf(gpus);
    }

    @Override
    public String text() {
      return "CUDA 13 computes on GPUs of compute capability 7.5 (Turing) or newer, but here are "
          + String.join(", ", gpus)
          + ", which are older.";
    }

    @Override
    public String remedy() {
      return "Use a newer GPU, or Device.cpu(): no driver or library makes this one work.";
    }
  }

  /**
   * The driver is older than CUDA 13 asks for.
   *
   * @param found its version
   */
  record DriverTooOld(String found) implements CudaStatus {
    @Override
    public String text() {
      return "CUDA 13 needs NVIDIA's driver "
          + CudaNeeds.DRIVER
          + " or newer, but here is "
          + found
          + ".";
    }

    @Override
    public String remedy() {
      return "Update the driver of the machine; in a container, that of the host.";
    }
  }

  /**
   * The kernel runs another driver than the library is of: after an update without a restart.
   *
   * @param kernel version in the kernel
   * @param library version of libcuda.so.1
   * @param path where that is
   */
  record DriverMismatch(String kernel, String library, String path) implements CudaStatus {
    @Override
    public String text() {
      return "The kernel runs driver " + kernel + ", but " + path + " is of " + library + ".";
    }

    @Override
    public String remedy() {
      return "Start the machine again, so that the kernel loads the driver that is installed; in a"
          + " container, take the libcuda.so.1 out of the image: the one of the host is put there at"
          + " start.";
    }
  }

  /**
   * The library of the driver is one for linking only, and does nothing.
   *
   * @param path where it is
   */
  record StubDriver(String path) implements CudaStatus {
    @Override
    public String text() {
      return "The libcuda.so.1 that is found first, " + path + ", is a stub for linking only.";
    }

    @Override
    public String remedy() {
      return "Take its folder out of LD_LIBRARY_PATH and the loader's configuration; the real one"
          + " comes with NVIDIA's driver.";
    }
  }

  /**
   * The driver shows this process fewer GPUs than are asked for.
   *
   * @param ordinal which was asked for
   * @param devices how many there are
   */
  record NoSuchDevice(int ordinal, int devices) implements CudaStatus {
    @Override
    public String text() {
      return "The GPU cuda:"
          + ordinal
          + " is asked for, but the driver shows this process "
          + (devices == 0
              ? "none"
              : devices == 1 ? "only cuda:0" : "cuda:0 to cuda:" + (devices - 1))
          + ".";
    }

    @Override
    public String remedy() {
      return "Ask for one that is there; CUDA_VISIBLE_DEVICES hides GPUs, and nvidia-smi lists them.";
    }
  }

  /**
   * CUDA's runtime cannot start, for a reason that files do not tell.
   *
   * @param error what it says
   */
  record RuntimeFailed(String error) implements CudaStatus {
    @Override
    public String text() {
      return "CUDA's runtime does not start: " + error + ".";
    }

    @Override
    public String remedy() {
      return "Check the GPU with nvidia-smi, and look for lines of NVRM in the kernel's log (dmesg).";
    }
  }

  /**
   * Everything is in place, but a small model does not compute as it should.
   *
   * @param said what went wrong
   */
  record CanaryFailed(String said) implements CudaStatus {
    @Override
    public String text() {
      return "A small model does not compute on the GPU as it should: "
          + said
          + (said.endsWith(".") ? "" : ".");
    }

    @Override
    public String remedy() {
      return "If a library is named, take those that go together: the bindings are of CUDA and cuDNN "
          + CudaNeeds.BINDINGS
          + ". Otherwise check with nvidia-smi whether the GPU is well and has memory to spare, and"
          + " look for lines of NVRM in the kernel's log (dmesg).";
    }
  }

  /** ONNX Runtime is here in its form for the CPU only. */
  record ProviderMissing() implements CudaStatus {
    @Override
    public String text() {
      return "ONNX Runtime's CUDA provider is not on the class path: the jar for the CPU alone does"
          + " not have it.";
    }

    @Override
    public String remedy() {
      return "Add org.bytedeco:onnxruntime:"
          + CudaNeeds.ONNX_RUNTIME
          + " with the classifier linux-x86_64-gpu to the dependencies.";
    }
  }

  /**
   * CUDA's Java bindings do not work.
   *
   * @param why what is missing, or what loading them said
   */
  record BindingsMissing(String why) implements CudaStatus {
    @Override
    public String text() {
      return "CUDA's Java bindings cannot be loaded: " + why + (why.endsWith(".") ? "" : ".");
    }

    @Override
    public String remedy() {
      return "Add org.bytedeco:cuda:"
          + CudaNeeds.BINDINGS
          + " with the classifier linux-x86_64 to the dependencies, and no other version of"
          + " org.bytedeco:cuda.";
    }
  }

  /**
   * Libraries that the provider needs would not be found.
   *
   * @param libraries all of them
   */
  record LibrariesMissing(List<MissingLibrary> libraries) implements CudaStatus {
    /** Copies the libraries. */
    public LibrariesMissing {
      libraries = List.copyOf(libraries);
    }

    @Override
    public String text() {
      StringBuilder text = new StringBuilder("The loader would not find");
      libraries.forEach(library -> text.append("\n  ").append(library));
      return text.toString();
    }

    @Override
    public String remedy() {
      return "Install what is named above, or, where the files are there already, add their folders"
          + " to LD_LIBRARY_PATH before Java starts; names must match to the number at the end.";
    }
  }
}

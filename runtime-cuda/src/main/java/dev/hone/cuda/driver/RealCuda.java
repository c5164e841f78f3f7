package dev.hone.cuda.driver;

import dev.hone.cuda.device.CudaApi;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.DeviceProperties;
import dev.hone.cuda.driver.Handles.Address;
import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * CUDA itself, through its Java bindings. Making one loads CUDA's libraries, so it comes only after
 * the diagnosis has found all of them: what cannot be loaded once cannot be loaded later.
 *
 * <p>It has never run on a GPU. What is tested is that every method reaches CUDA's real runtime,
 * and what that says where there is no driver.
 */
public final class RealCuda implements CudaApi {
  private static final int NAME_BYTES = 256;
  private static final int PCI_BYTES = 32;

  private final int ordinal;
  private final ThreadLocal<Handles> handles = ThreadLocal.withInitial(Handles::new);

  /**
   * A device.
   *
   * @param ordinal its number, from 0
   */
  public RealCuda(int ordinal) {
    this.ordinal = ordinal;
  }

  /**
   * Each thread chooses its device for itself; choosing the same again is a few instructions. One
   * that has not would take the first GPU into use with whatever it calls.
   */
  private int choose() {
    return cudart.cudaSetDevice(ordinal);
  }

  /** Takes an error off CUDA's note of the last one, where others would find it as theirs. */
  private static int told(int code) {
    if (code != 0) {
      cudart.cudaGetLastError();
    }
    return code;
  }

  /** What a call makes: its address goes to {@code out} if it succeeded. */
  private static int made(int code, org.bytedeco.javacpp.Pointer pointer, long[] out) {
    if (code == 0) {
      out[0] = pointer.address();
    }
    return told(code);
  }

  @Override
  public int properties(DeviceProperties[] properties) {
    int[] values = new int[3];
    int[] attributes = {
      cudart.cudaDevAttrComputeCapabilityMajor,
      cudart.cudaDevAttrComputeCapabilityMinor,
      cudart.cudaDevAttrMultiProcessorCount
    };
    int code = choose();
    for (int i = 0; i < attributes.length && code == 0; i++) {
      int[] value = new int[1];
      code = cudart.cudaDeviceGetAttribute(value, attributes[i], ordinal);
      values[i] = value[0];
    }
    byte[] name = new byte[NAME_BYTES];
    code = code != 0 ? code : name(name);
    long[] memory = new long[2];
    code = code != 0 ? code : memoryInfo(memory);
    if (code == 0) {
      properties[0] =
          new DeviceProperties(text(name), values[0] * 10 + values[1], memory[1], values[2]);
    }
    return told(code);
  }

  /** Without choosing the device, which would make a context on it. */
  @Override
  public int pciBusId(String[] id) {
    byte[] pci = new byte[PCI_BYTES];
    int code = cudart.cudaDeviceGetPCIBusId(pci, PCI_BYTES, ordinal);
    if (code == 0) {
      id[0] = text(pci);
    }
    return told(code);
  }

  private int name(byte[] name) {
    int[] device = new int[1];
    int code = cudart.cuDeviceGet(device, ordinal);
    return code != 0 ? code : cudart.cuDeviceGetName(name, name.length, device[0]);
  }

  private static String text(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  @Override
  public int memoryInfo(long[] freeAndTotal) {
    int code = choose();
    if (code != 0) {
      return told(code);
    }
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      code = cudart.cudaMemGetInfo(free, total);
      freeAndTotal[0] = free.get();
      freeAndTotal[1] = total.get();
      return told(code);
    }
  }

  @Override
  public int malloc(long bytes, long[] address) {
    Address made = handles.get().first.at(0);
    int code = choose();
    return made(code != 0 ? code : cudart.cudaMalloc(made, bytes), made, address);
  }

  @Override
  public int free(long address) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaFree(handles.get().first.at(address)));
  }

  @Override
  public int hostAlloc(long bytes, long[] address) {
    Address made = handles.get().first.at(0);
    int code = choose();
    return made(
        code != 0 ? code : cudart.cudaHostAlloc(made, bytes, cudart.cudaHostAllocPortable),
        made,
        address);
  }

  @Override
  public int freeHost(long address) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaFreeHost(handles.get().first.at(address)));
  }

  @Override
  public int copyToDevice(long device, long host, long bytes, long stream) {
    return copy(device, host, bytes, cudart.cudaMemcpyHostToDevice, stream);
  }

  @Override
  public int copyToHost(long host, long device, long bytes, long stream) {
    return copy(host, device, bytes, cudart.cudaMemcpyDeviceToHost, stream);
  }

  private int copy(long to, long from, long bytes, int kind, long stream) {
    Handles use = handles.get();
    int code = choose();
    return told(
        code != 0
            ? code
            : cudart.cudaMemcpyAsync(
                use.first.at(to), use.second.at(from), bytes, kind, use.stream.at(stream)));
  }

  @Override
  public int createStream(long[] stream) {
    Handles.Stream made = handles.get().stream.at(0);
    int code = choose();
    return made(
        code != 0 ? code : cudart.cudaStreamCreateWithFlags(made, cudart.cudaStreamNonBlocking),
        made,
        stream);
  }

  @Override
  public int destroyStream(long stream) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaStreamDestroy(handles.get().stream.at(stream)));
  }

  @Override
  public int synchronizeStream(long stream) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaStreamSynchronize(handles.get().stream.at(stream)));
  }

  @Override
  public int createEvent(long[] event) {
    Handles.Event made = handles.get().event.at(0);
    int flags = cudart.cudaEventDisableTiming | cudart.cudaEventBlockingSync;
    int code = choose();
    return made(code != 0 ? code : cudart.cudaEventCreateWithFlags(made, flags), made, event);
  }

  @Override
  public int destroyEvent(long event) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaEventDestroy(handles.get().event.at(event)));
  }

  @Override
  public int recordEvent(long event, long stream) {
    Handles use = handles.get();
    int code = choose();
    return told(
        code != 0 ? code : cudart.cudaEventRecord(use.event.at(event), use.stream.at(stream)));
  }

  @Override
  public int waitEvent(long stream, long event) {
    Handles use = handles.get();
    int code = choose();
    return told(
        code != 0 ? code : cudart.cudaStreamWaitEvent(use.stream.at(stream), use.event.at(event)));
  }

  @Override
  public int synchronizeEvent(long event) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaEventSynchronize(handles.get().event.at(event)));
  }

  @Override
  public int queryEvent(long event) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaEventQuery(handles.get().event.at(event)));
  }

  @Override
  public int beginCapture(long stream) {
    int code = choose();
    return told(
        code != 0
            ? code
            : cudart.cudaStreamBeginCapture(
                handles.get().stream.at(stream), cudart.cudaStreamCaptureModeGlobal));
  }

  @Override
  public int endCapture(long stream, long[] graph) {
    Handles use = handles.get();
    Handles.Graph made = use.graph.at(0);
    int code = choose();
    return made(
        code != 0 ? code : cudart.cudaStreamEndCapture(use.stream.at(stream), made), made, graph);
  }

  @Override
  public int instantiateGraph(long graph, long[] executable) {
    Handles use = handles.get();
    Handles.Executable made = use.executable.at(0);
    int code = choose();
    return made(
        code != 0 ? code : cudart.cudaGraphInstantiate(made, use.graph.at(graph)),
        made,
        executable);
  }

  @Override
  public int destroyGraph(long graph) {
    int code = choose();
    return told(code != 0 ? code : cudart.cudaGraphDestroy(handles.get().graph.at(graph)));
  }

  @Override
  public int launchGraph(long executable, long stream) {
    Handles use = handles.get();
    int code = choose();
    return told(
        code != 0
            ? code
            : cudart.cudaGraphLaunch(use.executable.at(executable), use.stream.at(stream)));
  }

  @Override
  public int destroyExecutableGraph(long executable) {
    int code = choose();
    return told(
        code != 0 ? code : cudart.cudaGraphExecDestroy(handles.get().executable.at(executable)));
  }

  @Override
  public int loadModule(byte[] cubin, long[] module) {
    Handles.Module made = handles.get().module.at(0);
    int code = choose();
    if (code != 0) {
      return told(code);
    }
    try (BytePointer image = new BytePointer(cubin)) {
      return made(cudart.cuModuleLoadData(made, image), made, module);
    }
  }

  @Override
  public int unloadModule(long module) {
    int code = choose();
    return told(code != 0 ? code : cudart.cuModuleUnload(handles.get().module.at(module)));
  }

  @Override
  public int kernel(long module, String name, long[] kernel) {
    Handles use = handles.get();
    Handles.Function made = use.function.at(0);
    int code = choose();
    return made(
        code != 0 ? code : cudart.cuModuleGetFunction(made, use.module.at(module), name),
        made,
        kernel);
  }

  @Override
  public int launch(long kernel, int blocks, int threads, long[] arguments, long stream) {
    Handles use = handles.get();
    if (arguments.length > Handles.MAX_PARAMETERS) {
      return CudaError.INVALID_VALUE.code();
    }
    int code = choose();
    return told(
        code != 0
            ? code
            : cudart.cuLaunchKernel(
                use.function.at(kernel),
                blocks,
                1,
                1,
                threads,
                1,
                1,
                0,
                use.stream.at(stream),
                use.parameters(arguments),
                (PointerPointer<?>) null));
  }
}

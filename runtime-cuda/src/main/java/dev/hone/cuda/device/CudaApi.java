package dev.hone.cuda.device;

/**
 * The part of CUDA's runtime that the library uses, on one device, in numbers: addresses and
 * handles are {@code long}, and every method returns CUDA's own error code, 0 for success ({@link
 * CudaError}).
 *
 * <p>What a method makes it writes into element 0 of the array that the caller brings, so that
 * nothing is allocated. Methods are thread-safe. Copies and launches are queued on a stream and may
 * end long after the method returned: memory must stay as it is until they have. After an error for
 * which {@link CudaError#isSticky} holds every later call returns that error, for the rest of the
 * process.
 */
public interface CudaApi {
  /** What this device is. */
  int properties(DeviceProperties[] properties);

  /**
   * Where this device sits, for example {@code 0000:65:00.0}: the name that NVML knows it by. Takes
   * nothing of the device into use.
   */
  int pciBusId(String[] id);

  /** The free and the total bytes of the device's memory, as two elements. */
  int memoryInfo(long[] freeAndTotal);

  /** Device memory, at a multiple of 256. Not allowed while any stream captures. */
  int malloc(long bytes, long[] address);

  /** Gives device memory back. Nothing queued may still use it. */
  int free(long address);

  /** Page-locked host memory that Java and the device may both use. */
  int hostAlloc(long bytes, long[] address);

  /** Gives page-locked host memory back. Nothing queued may still use it. */
  int freeHost(long address);

  /** Queues a copy from page-locked host memory to the device. */
  int copyToDevice(long device, long host, long bytes, long stream);

  /** Queues a copy from the device to page-locked host memory. */
  int copyToHost(long host, long device, long bytes, long stream);

  /** A stream that does not wait for the default stream. */
  int createStream(long[] stream);

  /** Gives a stream back; it must be idle. */
  int destroyStream(long stream);

  /** Waits until all that was queued on the stream has ended. */
  int synchronizeStream(long stream);

  /** An event without timing, whose waiters sleep. */
  int createEvent(long[] event);

  /** Gives an event back. */
  int destroyEvent(long event);

  /** The event now stands for all that is queued on the stream so far. */
  int recordEvent(long event, long stream);

  /** What is queued on the stream from now on runs after what the event stands for now. */
  int waitEvent(long stream, long event);

  /** Waits until what the event stands for has ended; at once for one that was never recorded. */
  int synchronizeEvent(long event);

  /** 0 if what the event stands for has ended, {@link CudaError#NOT_READY} if not. */
  int queryEvent(long event);

  /**
   * From now on what is queued on the stream becomes a graph and does not run. In global mode:
   * until it ends, allocating or synchronizing anywhere in the process breaks the capture.
   */
  int beginCapture(long stream);

  /** Ends the capture and gives the graph. */
  int endCapture(long stream, long[] graph);

  /** Makes a graph ready to be launched. The graph may be destroyed afterwards. */
  int instantiateGraph(long graph, long[] executable);

  /** Gives a graph back. */
  int destroyGraph(long graph);

  /** Queues all of a graph on a stream; its addresses are those of the capture. */
  int launchGraph(long executable, long stream);

  /** Gives an executable graph back; no launch of it may be under way. */
  int destroyExecutableGraph(long executable);

  /** Loads device code for this architecture. */
  int loadModule(byte[] cubin, long[] module);

  /** Gives device code back; none of it may be running. */
  int unloadModule(long module);

  /** A kernel of loaded device code. */
  int kernel(long module, String name, long[] kernel);

  /**
   * Queues a kernel on a stream.
   *
   * @param blocks how many blocks
   * @param threads how many threads in each
   * @param arguments one element for each parameter, which must be 8 bytes wide
   */
  int launch(long kernel, int blocks, int threads, long[] arguments, long stream);
}

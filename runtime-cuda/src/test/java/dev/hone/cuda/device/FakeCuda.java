package dev.hone.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.cuda.device.FakeHeap.Access;
import dev.hone.cuda.device.FakeStream.Capture;
import dev.hone.cuda.device.FakeStream.Recording;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A device made of Java that means what CUDA means: work is queued and runs later, in any order
 * that streams and events leave open, drawn from a seed. It knows when something is wrong even
 * where the order drawn hides it: accesses that nothing orders, memory used after it was freed or
 * out of its bounds, page-locked memory changed under a copy, allocation during a capture.
 *
 * <p>Wrong uses are kept as {@link #violations}. Thread-safe. Beyond CUDA it is strict: the host
 * may free only what it has seen end, and copies need page-locked memory.
 */
public final class FakeCuda implements CudaApi {
  private final List<String> violations = new ArrayList<>();
  private long copies;
  private final FakeScheduler scheduler;
  private final FakeHeap heap;
  private final Map<Long, FakeStream> streams = new HashMap<>();
  private final Map<Long, @Nullable Recording> events = new HashMap<>();
  private final Map<Long, Capture> graphs = new HashMap<>();
  private final Map<Long, Capture> executables = new HashMap<>();
  private final Map<Long, byte[]> modules = new HashMap<>();
  private final Map<Long, FakeKernel> kernels = new HashMap<>();
  private final Map<String, FakeKernel> defined = new HashMap<>();
  private long totalBytes = 1L << 30;
  private long nextHandle = 1;
  private long calls;
  private long failAtCall = -1;
  private int failWith;
  private int failCapture;
  private int failWaits;

  /** A kernel as a Java function. */
  public interface FakeKernel {
    /** What it computes. */
    void run(FakeHeap heap, long[] arguments);
  }

  /** A device whose order of things is drawn from a seed. */
  public FakeCuda(long seed) {
    this.scheduler = new FakeScheduler(seed, violations);
    this.heap = new FakeHeap(scheduler.host, violations);
    scheduler.use(heap);
  }

  /**
   * The n-th call from now, from 1, does nothing and returns this code. Where that call would give
   * something back, which does not fail by itself, it is the next one that would not.
   */
  public synchronized void failCall(long n, CudaError error) {
    failAtCall = calls + n;
    failWith = error.code();
  }

  /** The next capture cannot be begun. */
  public synchronized void failCapture(CudaError error) {
    failCapture = error.code();
  }

  /** Until told otherwise, who waits for a stream gets this code and sees no end; 0 for none. */
  public synchronized void failWaits(int code) {
    failWaits = code;
  }

  /** The n-th copy or kernel that runs from now, from 1, fails in its course. */
  public synchronized void failOperation(long n, CudaError error) {
    scheduler.failOperation(n, error.code());
  }

  /** How much device memory there is. */
  public synchronized void limitBytes(long bytes) {
    totalBytes = bytes;
  }

  /** How many calls were made. */
  public synchronized long calls() {
    return calls;
  }

  /** What was used wrongly so far. */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /** Fails unless everything was used rightly and given back. */
  public synchronized void verifyClean() {
    assertThat(violations).as("wrong uses of the device").isEmpty();
    if (scheduler.stickyError() == 0) { // after one, nothing can be given back
      assertThat(heap.live()).as("allocations never freed").isZero();
      assertThat(streams).as("streams never destroyed").isEmpty();
      assertThat(events).as("events never destroyed").isEmpty();
      assertThat(graphs).as("graphs never destroyed").isEmpty();
      assertThat(executables).as("executable graphs never destroyed").isEmpty();
      assertThat(modules).as("modules never unloaded").isEmpty();
    }
  }

  /** Queues a kernel that is a Java function: how a test's model runs. */
  public synchronized int enqueue(long stream, List<Access> accesses, Runnable kernel) {
    return call(() -> withStream(stream, s -> queue(s, "a kernel", accesses, kernel)));
  }

  /** Lets {@link #kernel} find a Java function by this name. What it uses is checked as it runs. */
  public synchronized void define(String name, FakeKernel kernel) {
    defined.put(name, kernel);
  }

  /** Live bytes of the device or of page-locked memory, for a kernel or a test to use. */
  public synchronized ByteBuffer bytes(long address, long bytes) {
    return heap.bytes(address, bytes);
  }

  private interface OnStream {
    int use(FakeStream stream);
  }

  /** Every call goes through here: it may fail on purpose, and time passes for the device. */
  private int call(IntSupplier body) {
    calls++;
    if (scheduler.stickyError() != 0) {
      return scheduler.stickyError();
    }
    if (failAtCall >= 0 && calls >= failAtCall) {
      failAtCall = -1;
      if (CudaError.isSticky(failWith)) {
        scheduler.fail(failWith);
      }
      return failWith;
    }
    scheduler.progress();
    return scheduler.stickyError() != 0 ? scheduler.stickyError() : body.getAsInt();
  }

  /** A call that gives something back. */
  private int release(IntSupplier body) {
    calls++;
    if (scheduler.stickyError() != 0) {
      return scheduler.stickyError();
    }
    scheduler.progress();
    return scheduler.stickyError() != 0 ? scheduler.stickyError() : body.getAsInt();
  }

  /** A call that no stream of the process may be capturing during. */
  private int callOutsideCapture(String what, IntSupplier body) {
    return call(() -> outsideCapture(what, body));
  }

  private int outsideCapture(String what, IntSupplier body) {
    if (scheduler.isCapturing()) {
      violations.add(what + " during a capture");
      scheduler.breakCaptures();
      return CudaError.CAPTURE_UNSUPPORTED.code();
    }
    return body.getAsInt();
  }

  private int withStream(long handle, OnStream body) {
    FakeStream stream = streams.get(handle);
    return stream == null ? noSuch("stream", handle) : body.use(stream);
  }

  private int noSuch(String what, long handle) {
    violations.add("use of " + what + " " + handle + ", which does not exist");
    return CudaError.INVALID_RESOURCE_HANDLE.code();
  }

  private int queue(FakeStream stream, String what, List<Access> accesses, Runnable action) {
    boolean fine = scheduler.queue(stream, what, accesses, action);
    return fine ? 0 : CudaError.INVALID_VALUE.code();
  }

  private long handle() {
    return nextHandle++;
  }

  @Override
  public synchronized int properties(DeviceProperties[] properties) {
    return call(
        () -> {
          properties[0] = new DeviceProperties("Fake", 90, totalBytes, 1);
          return 0;
        });
  }

  @Override
  public synchronized int pciBusId(String[] id) {
    return call(
        () -> {
          id[0] = "0000:00:00.0";
          return 0;
        });
  }

  @Override
  public synchronized int memoryInfo(long[] freeAndTotal) {
    return call(
        () -> {
          freeAndTotal[0] = totalBytes - heap.liveDeviceBytes();
          freeAndTotal[1] = totalBytes;
          return 0;
        });
  }

  @Override
  public synchronized int malloc(long bytes, long[] address) {
    return callOutsideCapture(
        "malloc",
        () -> {
          if (bytes > totalBytes - heap.liveDeviceBytes()) {
            return CudaError.MEMORY_ALLOCATION.code();
          }
          address[0] = heap.allocateOnDevice(bytes);
          return 0;
        });
  }

  @Override
  public synchronized int free(long address) {
    return release(() -> outsideCapture("free", () -> free(address, true)));
  }

  private int free(long address, boolean onDevice) {
    return heap.free(address, onDevice) ? 0 : CudaError.INVALID_VALUE.code();
  }

  @Override
  public synchronized int hostAlloc(long bytes, long[] address) {
    return callOutsideCapture(
        "hostAlloc",
        () -> {
          address[0] = heap.allocatePinned(bytes);
          return 0;
        });
  }

  @Override
  public synchronized int freeHost(long address) {
    return release(() -> outsideCapture("freeHost", () -> free(address, false)));
  }

  /** How many copies were queued so far. */
  public synchronized long copies() {
    return copies;
  }

  @Override
  public synchronized int copyToDevice(long device, long host, long bytes, long stream) {
    return call(() -> withStream(stream, s -> copyToDevice(device, host, bytes, s)));
  }

  private int copyToDevice(long device, long host, long bytes, FakeStream stream) {
    if (!areOfTheirKind("copyToDevice", device, host)) {
      return CudaError.INVALID_VALUE.code();
    }
    byte[] queued = new byte[(int) bytes];
    boolean captured = stream.capture != null;
    if (heap.isLive(Access.read(host, bytes), "copyToDevice")) {
      heap.bytes(host, bytes).get(queued);
    }
    return queue(
        stream,
        "copyToDevice",
        List.of(Access.read(host, bytes), Access.write(device, bytes)),
        () -> {
          ByteBuffer now = heap.bytes(host, bytes);
          if (!captured && !now.equals(ByteBuffer.wrap(queued))) {
            violations.add("page-locked memory was changed while a copy to the device read it");
          }
          heap.bytes(device, bytes).put(now);
        });
  }

  @Override
  public synchronized int copyToHost(long host, long device, long bytes, long stream) {
    return call(
        () ->
            withStream(
                stream,
                s -> {
                  if (!areOfTheirKind("copyToHost", device, host)) {
                    return CudaError.INVALID_VALUE.code();
                  }
                  int code =
                      queue(
                          s,
                          "copyToHost",
                          List.of(Access.read(device, bytes), Access.write(host, bytes)),
                          () -> heap.bytes(host, bytes).put(heap.bytes(device, bytes)));
                  if (code == 0 && s.capture == null) {
                    heap.poison(host, bytes);
                  }
                  return code;
                }));
  }

  private boolean areOfTheirKind(String what, long device, long host) {
    boolean right = heap.isOfKind(device, true) && heap.isOfKind(host, false);
    copies++;
    if (!right) {
      violations.add(what + " between addresses that are not of the device and page-locked");
    }
    return right;
  }

  @Override
  public synchronized int createStream(long[] stream) {
    return callOutsideCapture(
        "createStream",
        () -> {
          stream[0] = handle();
          streams.put(stream[0], scheduler.open());
          return 0;
        });
  }

  @Override
  public synchronized int destroyStream(long stream) {
    return release(
        () -> outsideCapture("destroyStream", () -> withStream(stream, s -> destroy(stream, s))));
  }

  private int destroy(long handle, FakeStream stream) {
    if (!stream.queue.isEmpty()) {
      violations.add("a stream was destroyed before its work had ended");
    }
    streams.remove(handle);
    scheduler.close(stream);
    return 0;
  }

  @Override
  public synchronized int synchronizeStream(long stream) {
    return callOutsideCapture(
        "synchronizeStream",
        () ->
            withStream(
                stream,
                s -> {
                  if (failWaits != 0) {
                    return failWaits;
                  }
                  scheduler.runUntil(s.queue::isEmpty);
                  scheduler.host.merge(s.clock);
                  return scheduler.stickyError();
                }));
  }

  @Override
  public synchronized int createEvent(long[] event) {
    return callOutsideCapture(
        "createEvent",
        () -> {
          event[0] = handle();
          events.put(event[0], null);
          return 0;
        });
  }

  @Override
  public synchronized int destroyEvent(long event) {
    return release(
        () ->
            outsideCapture(
                "destroyEvent",
                () -> {
                  if (!events.containsKey(event)) {
                    return noSuch("event", event);
                  }
                  events.remove(event);
                  return 0;
                }));
  }

  @Override
  public synchronized int recordEvent(long event, long stream) {
    return call(
        () ->
            withStream(
                stream,
                s -> {
                  if (!events.containsKey(event)) {
                    return noSuch("event", event);
                  }
                  events.put(event, scheduler.record(s));
                  return 0;
                }));
  }

  @Override
  public synchronized int waitEvent(long stream, long event) {
    return call(
        () ->
            withStream(
                stream,
                s -> {
                  if (!events.containsKey(event)) {
                    return noSuch("event", event);
                  }
                  Recording recording = events.get(event);
                  if (recording != null) {
                    scheduler.await(s, recording);
                  }
                  return 0;
                }));
  }

  @Override
  public synchronized int synchronizeEvent(long event) {
    return callOutsideCapture(
        "synchronizeEvent",
        () -> seen(event, recording -> scheduler.runUntil(() -> recording.done)));
  }

  @Override
  public synchronized int queryEvent(long event) {
    return callOutsideCapture("queryEvent", () -> seen(event, recording -> {}));
  }

  private interface Waiting {
    void until(Recording recording);
  }

  private int seen(long event, Waiting waiting) {
    if (!events.containsKey(event)) {
      return noSuch("event", event);
    }
    Recording recording = events.get(event);
    if (recording == null) {
      return 0;
    }
    waiting.until(recording);
    if (scheduler.stickyError() != 0) {
      return scheduler.stickyError();
    }
    if (!recording.done) {
      return CudaError.NOT_READY.code();
    }
    scheduler.host.merge(recording.clock);
    return 0;
  }

  @Override
  public synchronized int beginCapture(long stream) {
    return call(
        () ->
            withStream(
                stream,
                s -> {
                  int planned = failCapture;
                  failCapture = 0;
                  if (s.capture != null || planned != 0) {
                    return planned != 0 ? planned : CudaError.INVALID_VALUE.code();
                  }
                  s.capture = new Capture(s);
                  return 0;
                }));
  }

  @Override
  public synchronized int endCapture(long stream, long[] graph) {
    return release(() -> withStream(stream, s -> endCapture(s, graph)));
  }

  private int endCapture(FakeStream stream, long[] graph) {
    Capture capture = stream.capture;
    if (capture == null || capture.origin != stream) {
      violations.add("a capture was ended on a stream that did not begin one");
      return CudaError.INVALID_VALUE.code();
    }
    Capture ended = scheduler.endCapture(stream, capture);
    if (ended == null) {
      return CudaError.CAPTURE_INVALIDATED.code();
    }
    graph[0] = handle();
    graphs.put(graph[0], ended);
    return 0;
  }

  @Override
  public synchronized int instantiateGraph(long graph, long[] executable) {
    return callOutsideCapture(
        "instantiateGraph",
        () -> {
          Capture capture = graphs.get(graph);
          if (capture == null) {
            return noSuch("graph", graph);
          }
          executable[0] = handle();
          executables.put(executable[0], capture);
          return 0;
        });
  }

  @Override
  public synchronized int destroyGraph(long graph) {
    return release(() -> graphs.remove(graph) == null ? noSuch("graph", graph) : 0);
  }

  @Override
  public synchronized int launchGraph(long executable, long stream) {
    return call(
        () ->
            withStream(
                stream,
                s -> {
                  Capture capture = executables.get(executable);
                  if (capture == null) {
                    return noSuch("executable graph", executable);
                  }
                  int code = 0;
                  for (FakeOperation operation : capture.operations) {
                    int queued =
                        queue(
                            s,
                            operation.what() + " of a graph",
                            operation.accesses(),
                            operation.action());
                    code = code == 0 ? queued : code;
                  }
                  return code;
                }));
  }

  @Override
  public synchronized int destroyExecutableGraph(long executable) {
    return release(
        () -> executables.remove(executable) == null ? noSuch("executable graph", executable) : 0);
  }

  @Override
  public synchronized int loadModule(byte[] cubin, long[] module) {
    return callOutsideCapture(
        "loadModule",
        () -> {
          module[0] = handle();
          modules.put(module[0], cubin.clone());
          return 0;
        });
  }

  @Override
  public synchronized int unloadModule(long module) {
    return release(() -> modules.remove(module) == null ? noSuch("module", module) : 0);
  }

  @Override
  public synchronized int kernel(long module, String name, long[] kernel) {
    return call(
        () -> {
          FakeKernel found = defined.get(name);
          if (!modules.containsKey(module)) {
            return noSuch("module", module);
          }
          if (found == null) {
            return CudaError.INVALID_VALUE.code();
          }
          kernel[0] = handle();
          kernels.put(kernel[0], found);
          return 0;
        });
  }

  @Override
  public synchronized int launch(
      long kernel, int blocks, int threads, long[] arguments, long stream) {
    return call(
        () ->
            withStream(
                stream,
                s -> {
                  FakeKernel found = kernels.get(kernel);
                  if (found == null) {
                    return noSuch("kernel", kernel);
                  }
                  long[] given = arguments.clone();
                  return queue(s, "a kernel", List.of(), () -> found.run(heap, given));
                }));
  }
}

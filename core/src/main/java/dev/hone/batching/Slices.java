package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.memory.MemoryPool;
import org.jspecify.annotations.Nullable;

/**
 * Makes the tensors that the results of one run are cut into, one batch for each request. Small
 * ones share memory, a page at most: taking memory, and watching that it is closed, costs more than
 * copying a few numbers, and an answer that is kept keeps no more than that page. Closed when all
 * are made. Not thread-safe.
 */
final class Slices implements AutoCloseable {
  static final int PAGE_BYTES = 4096;
  private static final int ALIGNMENT = 64; // of each tensor

  private final Layout layout;
  private final MemoryPool pool;
  private final Batch results;
  private int left; // tensors that may still be asked for
  private Shape @Nullable [] shapes; // of what a request of as many rows and tokens got
  private int rows;
  private int length;
  private @Nullable Memory page;
  private long used; // of the page

  Slices(Layout layout, MemoryPool pool, Batch results, int requests) {
    this.layout = layout;
    this.pool = pool;
    this.results = results;
    this.left = requests * results.size();
  }

  /** New tensors for a request, which are the caller's. */
  Batch of(Request request) {
    Shape[] cut = shapes;
    if (cut == null || rows != request.rows || length != request.length) {
      cut = new Shape[results.size()];
      for (int i = 0; i < cut.length; i++) {
        cut[i] = layout.cut(request, i, results.tensor(i).shape());
      }
      shapes = cut;
      rows = request.rows;
      length = request.length;
    }
    Tensor[] own = new Tensor[cut.length];
    try {
      for (int i = 0; i < own.length; i++) {
        own[i] = tensor(results.tensor(i), cut[i]);
      }
      return results.withTensors(own);
    } catch (RuntimeException | Error e) {
      Joiner.close(own);
      throw e;
    }
  }

  private Tensor tensor(Tensor like, Shape shape) {
    long bytes = like.type().byteSize(shape.elementCount());
    return Tensor.of(like.type(), shape, memory(bytes));
  }

  private Memory memory(long bytes) {
    long padded = Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) & -ALIGNMENT);
    int most = left--;
    Memory shared = page;
    if (shared == null || used + padded > shared.byteSize()) {
      if (2 * padded > PAGE_BYTES || most < 2) {
        return Joiner.take(pool, bytes);
      }
      close();
      shared = Joiner.take(pool, Math.min(PAGE_BYTES, most * padded));
      page = shared;
      used = 0;
    }
    Memory part = shared.part((int) used, bytes);
    used += padded;
    return part;
  }

  /** Lets go of the memory, which those that were made share from now on. */
  @Override
  public void close() {
    Memory shared = page;
    page = null;
    if (shared != null) {
      shared.close();
    }
  }
}

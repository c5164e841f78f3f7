package dev.hone.onnx.ort;

import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.onnxruntime.OrtMemoryInfo;
import org.bytedeco.onnxruntime.OrtStatus;
import org.bytedeco.onnxruntime.OrtValue;
import org.jspecify.annotations.Nullable;

/** The inputs of a binding, or its outputs: what is wanted, and what is bound already. */
final class BoundSide implements AutoCloseable {
  private final OrtLibrary library;
  private final Names names;
  private final BoundValue[] values;
  private final boolean[] wanted;
  private final boolean[] open;
  private final boolean[] bound;
  private final List<Integer> order = new ArrayList<>();

  BoundSide(OrtLibrary library, Names names) {
    this.library = library;
    this.names = names;
    this.values = new BoundValue[names.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = new BoundValue(library);
    }
    this.wanted = new boolean[values.length];
    this.open = new boolean[values.length];
    this.bound = new boolean[values.length];
  }

  /** Nothing is wanted yet. */
  void begin() {
    Arrays.fill(wanted, false);
    Arrays.fill(open, false);
  }

  /**
   * A tensor of the host. A device may have taken a copy when it was bound, so it is bound anew.
   */
  void describe(int index, Tensor tensor) {
    wanted[index] = true;
    values[index].describe(tensor);
    bound[index] = false;
  }

  /** Memory elsewhere. */
  void describe(int index, Tensor tensor, long address, OrtMemoryInfo memory) {
    wanted[index] = true;
    bound[index] &= !values[index].describe(tensor, address, memory);
  }

  /** ONNX Runtime allocates it in each run: what it allocated before must not be written again. */
  void leaveOpen(int index) {
    wanted[index] = true;
    open[index] = true;
    bound[index] = false;
  }

  /** Whether an address is in memory that takes part in this run. */
  boolean covers(long address) {
    for (int i = 0; i < values.length; i++) {
      if (wanted[i] && values[i].covers(address)) {
        return true;
      }
    }
    return false;
  }

  boolean isOpen(int index) {
    return open[index];
  }

  boolean hasOpen() {
    for (boolean each : open) {
      if (each) {
        return true;
      }
    }
    return false;
  }

  /** Whether something is bound that is not wanted now. */
  boolean leavesOut() {
    for (int index : order) {
      if (!wanted[index]) {
        return true;
      }
    }
    return false;
  }

  /** Nothing is bound any more. */
  void forget() {
    Arrays.fill(bound, false);
    order.clear();
  }

  /** Binds one name to a value; null for one that ONNX Runtime allocates. */
  @FunctionalInterface
  interface Binding {
    @Nullable OrtStatus bind(BytePointer name, @Nullable OrtValue value);
  }

  /** Binds what is wanted and not bound yet. */
  void bind(Binding how) {
    for (int i = 0; i < values.length; i++) {
      if (wanted[i] && !bound[i]) {
        library.check(how.bind(names.get(i), open[i] ? null : values[i].value()));
        if (!order.contains(i)) {
          order.add(i);
        }
        bound[i] = !open[i];
      }
    }
  }

  /** The places of what is bound, in the order in which it was bound first. */
  List<Integer> inOrder() {
    return order;
  }

  @Override
  public void close() {
    for (BoundValue value : values) {
      value.close();
    }
    names.close();
  }
}

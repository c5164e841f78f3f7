package dev.hone.cuda.driver;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Objects in which one thread passes numbers to the bindings, used again for each call: making a
 * pointer object may look at the process's memory and call the garbage collector.
 */
final class Handles {
  static final int MAX_PARAMETERS = 16;

  final Address first = new Address();
  final Address second = new Address();
  final Stream stream = new Stream();
  final Event event = new Event();
  final Graph graph = new Graph();
  final Executable executable = new Executable();
  final Module module = new Module();
  final Function function = new Function();

  private final LongPointer values = new LongPointer(MAX_PARAMETERS);
  private final PointerPointer<Pointer> parameters = new PointerPointer<>(MAX_PARAMETERS);

  Handles() {
    for (int i = 0; i < MAX_PARAMETERS; i++) {
      parameters.put(i, first.at(values.address() + 8L * i));
    }
  }

  /** Where a kernel finds its parameters; good until the next call. */
  PointerPointer<Pointer> parameters(long[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      values.put(i, arguments[i]);
    }
    return parameters;
  }

  /** Memory of the host or the device. */
  static final class Address extends Pointer {
    Address at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  /** A stream. */
  static final class Stream extends CUstream_st {
    Stream at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  /** An event. */
  static final class Event extends CUevent_st {
    Event at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  /** A graph. */
  static final class Graph extends CUgraph_st {
    Graph at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  /** A graph that can be launched. */
  static final class Executable extends CUgraphExec_st {
    Executable at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  /** Loaded device code. */
  static final class Module extends CUmod_st {
    Module at(long newAddress) {
      address = newAddress;
      return this;
    }
  }

  /** A kernel. */
  static final class Function extends CUfunc_st {
    Function at(long newAddress) {
      address = newAddress;
      return this;
    }
  }
}

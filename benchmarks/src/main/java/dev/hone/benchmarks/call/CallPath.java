package dev.hone.benchmarks.call;

import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Rival;

/** The ways from Java into ONNX Runtime that are compared. */
public enum CallPath {
  /** The floor: nothing but the native call, with names, values and memory bound once. */
  BARE_BINDING("bare JavaCPP call, inputs and outputs bound once"),
  /** The C API's own Run, with names and values kept. */
  BARE_VALUES("bare JavaCPP call, names and values passed"),
  /** Hone, into tensors that the caller keeps. */
  HONE_IN_PLACE("Hone: run(in, out)"),
  /** Hone, with a fresh batch as result. */
  HONE_RETURNING("Hone: run(in), result closed"),
  /** Microsoft's API, with the tensor over a direct buffer kept and the result read as a buffer. */
  JAVA_BUFFERS("ONNX Runtime's Java API, direct buffers"),
  /** Microsoft's API at its best: the output's tensor is kept as well. */
  JAVA_PINNED("ONNX Runtime's Java API, input and output kept"),
  /** Microsoft's API as its documentation shows it. */
  JAVA_ARRAYS("ONNX Runtime's Java API, arrays");

  private final String words;

  CallPath(String words) {
    this.words = words;
  }

  /** What a reader calls it. */
  public String words() {
    return words;
  }

  /** Whose it is. */
  Side side() {
    return this == HONE_IN_PLACE || this == HONE_RETURNING ? Side.OURS : Side.THEIRS;
  }

  /** The same as a rival; its output is checked in the end. */
  public Rival rival(GemmModel model, float[] row) throws Exception {
    Call call = open(model, row);
    return new Rival() {
      @Override
      public void once() throws Exception {
        call.once();
      }

      @Override
      public void check() throws Exception {
        model.check(row, call.output());
      }

      @Override
      public void close() {
        call.close();
      }
    };
  }

  /** Opens a session of one thread and prepares all that can be kept. */
  Call open(GemmModel model, float[] row) throws Exception {
    return switch (this) {
      case BARE_BINDING -> new BareCall.Binding(model, row);
      case BARE_VALUES -> new BareCall.Values(model, row);
      case HONE_IN_PLACE -> new HoneCall.InPlace(model, row);
      case HONE_RETURNING -> new HoneCall.Returning(model, row);
      case JAVA_BUFFERS -> new JavaApiCall.Buffers(model, row);
      case JAVA_PINNED -> new JavaApiCall.Pinned(model, row);
      case JAVA_ARRAYS -> new JavaApiCall.Arrays(model, row);
    };
  }
}

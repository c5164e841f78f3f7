package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Signature;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtValue;
import org.bytedeco.onnxruntime.global.onnxruntime;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of a session that are sequences, whose elements a batch holds as {@code NAME[0]},
 * {@code NAME[1]} and so on. Most sessions have none.
 */
final class SequenceInputs implements AutoCloseable {
  private final OrtLibrary library;
  private final List<Signature.Value> inputs;
  private final @Nullable OrtValue[] empty;

  private SequenceInputs(OrtLibrary library, List<Signature.Value> inputs) {
    this.library = library;
    this.inputs = inputs;
    this.empty = new @Nullable OrtValue[inputs.size()];
  }

  /** Those of a session, or null if it has none. */
  static @Nullable SequenceInputs of(OrtLibrary library, Signature signature) {
    boolean none = signature.inputs().stream().noneMatch(SequenceInputs::isSequence);
    return none ? null : new SequenceInputs(library, signature.inputs());
  }

  private static boolean isSequence(Signature.Value input) {
    return input.kind() == Signature.Kind.SEQUENCE;
  }

  /** The sequences of one run; to be closed after it. The batch must be held and checked. */
  Feed feed(Batch in) {
    Feed feed = new Feed();
    try {
      for (int i = 0; i < inputs.size(); i++) {
        if (isSequence(inputs.get(i))) {
          feed.add(i, in);
        }
      }
      return feed;
    } catch (RuntimeException | Error e) {
      feed.close();
      throw e;
    }
  }

  /** Made at its first use, and then kept. */
  private synchronized OrtValue empty(int input) {
    OrtValue value = empty[input];
    if (value == null) {
      Signature.Value of = inputs.get(input);
      DataType type = of.type();
      if (type == null) {
        throw new IllegalArgumentException(
            "The input '"
                + of.name()
                + "' is a sequence of a type that no tensor here can have, so that it cannot even"
                + " be empty. Change the model so that it takes tensors of another type.");
      }
      value = EmptySequence.make(library, ElementTypes.code(type));
      empty[input] = value;
    }
    return value;
  }

  @Override
  public synchronized void close() {
    for (OrtValue value : empty) {
      if (value != null) {
        library.api.ReleaseValue(value);
      }
    }
  }

  /** The sequences of one run. */
  final class Feed implements AutoCloseable {
    private final List<Integer> positions = new ArrayList<>();
    private final List<OrtValue> values = new ArrayList<>();
    private final List<OrtValue> made = new ArrayList<>();

    private void add(int input, Batch in) {
      List<BoundValue> elements = new ArrayList<>();
      try {
        String name = inputs.get(input).name();
        int position = in.indexOf(Signature.elementName(name, 0));
        while (position >= 0) {
          BoundValue element = new BoundValue(library);
          elements.add(element);
          element.describe(in.tensor(position));
          position = in.indexOf(Signature.elementName(name, elements.size()));
        }
        if (!elements.isEmpty()) {
          put(input, sequenceOf(elements));
        } else if (!inputs.get(input).optional()) { // an optional one is absent then
          put(input, empty(input));
        }
      } finally {
        elements.forEach(BoundValue::close); // the sequence keeps what it needs of them
      }
    }

    private void put(int input, OrtValue sequence) {
      positions.add(input);
      values.add(sequence);
    }

    private OrtValue sequenceOf(List<BoundValue> elements) {
      try (PointerPointer<Pointer> pointers = new PointerPointer<>(elements.size())) {
        for (int i = 0; i < elements.size(); i++) {
          pointers.put(i, elements.get(i).value());
        }
        OrtValue sequence =
            new OrtValue(
                library.created(
                    out ->
                        library.api.CreateValue(
                            pointers, elements.size(), onnxruntime.ONNX_TYPE_SEQUENCE, out)));
        made.add(sequence);
        return sequence;
      }
    }

    /** Adds names and values behind those that are there, and returns how many there are then. */
    int appendTo(
        Names allNames, PointerPointer<Pointer> names, PointerPointer<Pointer> all, int count) {
      for (int i = 0; i < values.size(); i++) {
        names.put(count + i, allNames.get(positions.get(i)));
        all.put(count + i, values.get(i));
      }
      return count + values.size();
    }

    @Override
    public void close() {
      made.forEach(library.api::ReleaseValue);
    }
  }
}

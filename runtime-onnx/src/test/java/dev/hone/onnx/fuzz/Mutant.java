package dev.hone.onnx.fuzz;

import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.encodeVarint;
import static dev.hone.onnx.testing.ProtoField.join;

import dev.hone.ModelSource;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.testing.ProtoField;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A damaged model. The same seed always gives the same one.
 *
 * <p>Two ways of damage: of the bytes, which mostly ends in the reader; and of the structure, where
 * the message stays readable and says something else. Four in ten are tried until one gets past the
 * checks of the library, so that the runtime has to deal with it.
 */
final class Mutant {
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    3,
    5,
    7,
    8,
    10,
    11,
    16,
    22,
    99,
    255,
    1 << 16,
    Integer.MAX_VALUE,
    1L << 31,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Integer.MIN_VALUE,
    -1,
    -2,
    -7
  };

  private static final List<String> NAMES =
      List.of(
          "",
          "x",
          "y",
          "w",
          "b",
          "ids",
          "h",
          "normal",
          "condition",
          "axis",
          "axes",
          "perm",
          "pads",
          "strides",
          "kernel_shape",
          "group",
          "to",
          "value",
          "body",
          "mode",
          "Conv",
          "Gather",
          "Reshape",
          "Transpose",
          "Softmax",
          "MatMul",
          "Concat",
          "Resize",
          "LSTM",
          "Einsum",
          "TopK",
          "ScatterND",
          "ScatterElements",
          "Pad",
          "Tile",
          "Expand",
          "Slice",
          "Split",
          "Unsqueeze",
          "GridSample",
          "DequantizeLinear",
          "Cast",
          "ConvTranspose",
          "MaxPool",
          "OneHot",
          "Range",
          "Squeeze",
          "GatherND",
          "CumSum",
          "Loop",
          "Scan",
          "Identity",
          "Shape",
          "Flatten");

  private static final List<String> LOCATIONS =
      List.of(
          "weights.bin",
          "link.bin",
          "missing.bin",
          "../weights.bin",
          "/etc/passwd",
          "",
          ".",
          "*/_ORT_MEM_ADDR_/*",
          "inner/../weights.bin",
          "weights.bin\0",
          "\\\\host\\share\\file",
          "C:\\weights.bin",
          "x".repeat(5000),
          "/dev/zero");

  private final SplittableRandom random;

  private final Path folder;

  private Mutant(long seed, Path folder) {
    this.folder = folder;
    random = new SplittableRandom(seed);
  }

  /** The mutant of a seed, made from this model, which has this folder. */
  static byte[] of(long seed, byte[] original, Path folder) {
    return new Mutant(seed, folder).damage(original);
  }

  private byte[] damage(byte[] original) {
    int way = random.nextInt(100);
    if (way < 15) {
      return flipped(original, 1 + random.nextInt(8));
    }
    if (way < 20) {
      return Arrays.copyOf(original, random.nextInt(original.length));
    }
    if (way < 35) {
      return withExternalData(original, MessageKind.MODEL);
    }
    if (way < 60) {
      return altered(original);
    }
    byte[] damaged = altered(original);
    for (int tries = 0; tries < 20 && !loads(damaged); tries++) {
      damaged = altered(original);
    }
    return damaged;
  }

  /** Whether the check before loading lets it pass: then the runtime sees it. */
  private boolean loads(byte[] mutant) {
    try {
      ModelData.read(new ModelSource.OfBytes(ByteBuffer.wrap(mutant), "mutant", folder));
      return true;
    } catch (RuntimeException e) {
      return false;
    }
  }

  private byte[] altered(byte[] original) {
    byte[] damaged = original;
    for (int i = random.nextInt(3); i >= 0; i--) {
      try {
        damaged = altered(damaged, MessageKind.MODEL);
      } catch (IllegalArgumentException e) {
        break; // it can no longer be taken apart, which is damage enough
      }
    }
    return damaged;
  }

  private byte[] flipped(byte[] bytes, int count) {
    byte[] copy = bytes.clone();
    for (int i = 0; i < count && copy.length > 0; i++) {
      // Half of them near the beginning, where the structure of most models lies.
      int bound = random.nextBoolean() ? copy.length : Math.min(copy.length, 4096);
      copy[random.nextInt(bound)] ^= (byte) (1 << random.nextInt(8));
    }
    return copy;
  }

  /** One field somewhere in the message is another one, or gone, or there twice. */
  private byte[] altered(byte[] message, MessageKind kind) {
    List<ProtoField> fields = ProtoField.of(message);
    if (fields.isEmpty()) {
      return encode(1 + random.nextInt(20), number());
    }
    int chosen = choose(fields, kind);
    ProtoField field = fields.get(chosen);
    MessageKind inner = kind.inner(field.number());
    boolean goIn = inner != null && field.isDelimited() && random.nextInt(100) < 85;
    byte[] by =
        goIn && inner != null
            ? encode(field.number(), altered(field.bytes(), inner))
            : alter(field);
    return with(fields, chosen, by);
  }

  /** Mostly a field that holds a message, where there is one. */
  private int choose(List<ProtoField> fields, MessageKind kind) {
    for (int tries = random.nextInt(8); tries > 0; tries--) {
      int candidate = random.nextInt(fields.size());
      if (kind.inner(fields.get(candidate).number()) != null) {
        return candidate;
      }
    }
    return random.nextInt(fields.size());
  }

  private static byte[] with(List<ProtoField> fields, int chosen, byte[] by) {
    byte[][] parts = new byte[fields.size()][];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = i == chosen ? by : fields.get(i).whole();
    }
    return join(parts);
  }

  private byte[] alter(ProtoField field) {
    return switch (random.nextInt(10)) {
      case 0 -> new byte[0];
      case 1 -> join(field.whole(), field.whole());
      case 2 -> encode(1 + random.nextInt(20), field.bytes());
      case 3 -> lying(field);
      default -> field.isVarint() ? encode(field.number(), number()) : otherBytes(field);
    };
  }

  /** Says another length than it has. */
  private byte[] lying(ProtoField field) {
    long length = random.nextBoolean() ? number() : field.bytes().length + random.nextInt(9) - 4L;
    long tag = (long) field.number() << 3 | 2;
    return join(encodeVarint(tag), encodeVarint(length), field.bytes());
  }

  private byte[] otherBytes(ProtoField field) {
    byte[] bytes = field.bytes();
    byte[] other =
        switch (random.nextInt(4)) {
          case 0 -> flipped(bytes, 1);
          case 1 -> Arrays.copyOf(bytes, random.nextInt(bytes.length + 9));
          default -> NAMES.get(random.nextInt(NAMES.size())).getBytes(StandardCharsets.UTF_8);
        };
    return encode(field.number(), other);
  }

  private long number() {
    return random.nextInt(4) == 0
        ? random.nextInt(-20, 20)
        : NUMBERS[random.nextInt(NUMBERS.length)];
  }

  /** A random tensor says that its elements lie in a file. */
  private byte[] withExternalData(byte[] message, MessageKind kind) {
    for (int tries = 0; tries < 1000; tries++) {
      byte[] changed = tryExternalData(message, kind);
      if (changed != null) {
        return changed;
      }
    }
    return message;
  }

  private byte @Nullable [] tryExternalData(byte[] message, MessageKind kind) {
    List<ProtoField> fields = ProtoField.of(message);
    if (kind == MessageKind.TENSOR) {
      byte[][] kept =
          fields.stream()
              .filter(field -> field.number() <= 2 || field.number() == 8)
              .map(ProtoField::whole)
              .toArray(byte[][]::new);
      return join(join(kept), where());
    }
    int chosen = random.nextInt(fields.size());
    ProtoField field = fields.get(chosen);
    MessageKind inner = kind.inner(field.number());
    if (inner == null || !field.isDelimited() || field.bytes().length == 0) {
      return null;
    }
    byte[] changed = tryExternalData(field.bytes(), inner);
    return changed == null ? null : with(fields, chosen, encode(field.number(), changed));
  }

  private byte[] where() {
    byte[] fields = join(entry("location", LOCATIONS.get(random.nextInt(LOCATIONS.size()))));
    if (random.nextBoolean()) {
      fields = join(fields, entry("offset", Long.toString(number())));
    }
    if (random.nextInt(3) == 0) {
      fields = join(fields, entry("length", Long.toString(number())));
    }
    return join(fields, encode(14, 1));
  }

  private static byte[] entry(String key, String value) {
    byte[] pair =
        join(
            encode(1, key.getBytes(StandardCharsets.UTF_8)),
            encode(2, value.getBytes(StandardCharsets.UTF_8)));
    return encode(13, pair);
  }
}

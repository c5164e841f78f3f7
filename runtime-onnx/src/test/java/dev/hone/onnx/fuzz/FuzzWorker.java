package dev.hone.onnx.fuzz;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * The child process of the fuzz: reads a seed and a subject from each line of its input and says on
 * its output how far the mutant came, and how it ended. It may die at any time.
 */
final class FuzzWorker {
  /** Begins a line that says what happens next. */
  static final String STAGE = "#stage ";

  /** Begins a line that says how a mutant ended. */
  static final String END = "#end ";

  /** Begins an end that must not be. */
  static final String FAULT = "FAULT";

  private static final RunOptions DEADLINE = RunOptions.DEFAULT.withTimeout(Duration.ofSeconds(2));
  private static final SessionOptions ONE_THREAD = SessionOptions.builder().threads(1).build();
  private static final long MOST_ELEMENTS = 1 << 20;
  private static final long[] IMAGE = {1, 3, 48, 192};

  private final Map<Subject, byte[]> originals = new EnumMap<>(Subject.class);
  private final Path folder;
  private String stage = "";

  private FuzzWorker(Path folder) {
    this.folder = folder;
  }

  private byte[] original(Subject subject) throws IOException {
    byte[] known = originals.get(subject);
    if (known != null) {
      return known;
    }
    byte[] made = subject.bytes(folder);
    originals.put(subject, made);
    while (Memory.stats().liveBytes() > 0) {
      System.gc(); // memory that had views, which making the original needs, goes with them
      Thread.onSpinWait();
    }
    return made;
  }

  /** Works until the input ends; the argument is an existing folder of its own. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Files.write(folder.resolve("weights.bin"), new byte[1 << 16]);
    Files.deleteIfExists(folder.resolve("link.bin"));
    Files.createSymbolicLink(folder.resolve("link.bin"), Path.of("/etc/passwd"));
    FuzzWorker worker = new FuzzWorker(folder);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", -1);
      worker.say(END + worker.judge(Long.parseLong(words[0]), Subject.valueOf(words[1])));
    }
  }

  private void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private void enter(String next) {
    stage = next;
    say(STAGE + next);
  }

  @SuppressWarnings("CatchAndPrintStackTrace") // the parent keeps it with the seed
  private String judge(long seed, Subject subject) throws IOException {
    enter("making");
    byte[] mutant = Mutant.of(seed, original(subject), folder);
    String end;
    try {
      end = live(source(seed, mutant));
    } catch (HoneException e) {
      end = stage + ": " + e.getClass().getSimpleName();
    } catch (IllegalArgumentException | IllegalStateException e) {
      // A model is no argument: what is wrong with it is never the caller's fault.
      boolean documented = stage.equals("running");
      end = (documented ? "" : FAULT + " ") + stage + ": " + e.getClass().getSimpleName();
      if (!documented) {
        e.printStackTrace();
      }
    } catch (Throwable e) {
      e.printStackTrace();
      end = FAULT + " " + stage + ": " + e;
    }
    long left = Memory.stats().liveBytes();
    return left == 0 ? end : FAULT + " " + left + " bytes left after " + end;
  }

  /** In turns a file and bytes with a folder. */
  private ModelSource source(long seed, byte[] mutant) throws IOException {
    if (seed % 2 == 0) {
      return new ModelSource.OfBytes(ByteBuffer.wrap(mutant), "mutant", folder);
    }
    Path file = folder.resolve("mutant.onnx");
    Files.deleteIfExists(file); // a new one: the last may still be mapped
    return ModelSource.of(Files.write(file, mutant));
  }

  private String live(ModelSource source) {
    enter("loading");
    Model model = Model.load(source);
    if (!model.signature().inputs().stream().allMatch(FuzzWorker::canBeMade)) {
      enter("opening");
      Session.open(model, ONE_THREAD).close();
      return "opened, inputs too large or no tensors";
    }
    enter("opening");
    try (Session session = Session.open(model, ONE_THREAD)) {
      enter("running");
      try (Batch in = inputs(model.signature());
          Batch out = session.run(in, DEADLINE)) {
        return out.size() < 0 ? "" : "answer";
      }
    }
  }

  private static boolean canBeMade(Signature.Value input) {
    if (input.kind() != Signature.Kind.TENSOR || input.type() == null) {
      return false;
    }
    double elements = 1;
    for (long length : lengths(input)) {
      elements *= length;
    }
    return elements <= MOST_ELEMENTS;
  }

  private static long[] lengths(Signature.Value input) {
    if (input.dimensions() == null) {
      return new long[] {1};
    }
    int rank = input.dimensions().size();
    long[] lengths = new long[rank];
    for (int i = 0; i < rank; i++) {
      lengths[i] = input.dimensions().get(i).length().orElse(rank == IMAGE.length ? IMAGE[i] : 2);
    }
    return lengths;
  }

  private static Batch inputs(Signature signature) {
    Map<String, Tensor> tensors = new HashMap<>();
    for (Signature.Value input : signature.inputs()) {
      DataType type = input.type();
      if (!input.optional() && type != null) {
        tensors.put(input.name(), tensor(type, Shape.of(lengths(input))));
      }
    }
    return Batch.of(tensors);
  }

  private static Tensor tensor(DataType type, Shape shape) {
    int elements = (int) shape.elementCount();
    if (type == DataType.STRING) {
      String[] texts = new String[elements];
      Arrays.fill(texts, "text");
      return Tensor.of(texts, shape.toArray());
    }
    Tensor tensor = Tensor.allocate(type, shape);
    if (type == DataType.FLOAT32) {
      float[] values = new float[elements];
      Arrays.fill(values, 0.5f);
      tensor.copyFrom(values);
    }
    return tensor;
  }
}

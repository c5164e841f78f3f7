package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.WholeFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * What was normal when the fast model was made: how far it was from the baseline, and what requests
 * and answers looked like. Measured once, saved beside the model, given to {@link
 * ShadowPolicy.Builder#reference}. Immutable; holds no data of the samples but coarse
 * distributions.
 *
 * <p>An output agrees up to twice the largest divergence of the samples, and never less than {@code
 * 1e-5}, which another order of summation can make. Of n samples that are like the requests to
 * come, the next exceeds the largest with a chance of 1 / (n + 1), and twice the largest far more
 * rarely; 100 or more samples are a good number.
 */
public final class ShadowReference {
  private static final int FEWEST_SAMPLES = 20;
  private static final double MARGIN = 2;
  private static final double ROUNDING = 1e-5;
  private static final String HEADER = "hone-shadow-reference 1";

  private final Map<String, Double> divergences; // by comparison and output
  private final Map<String, Sketch> sketches; // by feature

  private ShadowReference(Map<String, Double> divergences, Map<String, Sketch> sketches) {
    this.divergences = new TreeMap<>(divergences);
    this.sketches = new TreeMap<>(sketches);
  }

  /**
   * Runs both models on samples.
   *
   * @param samples at least 20 batches, usual ones; borrowed for the call
   */
  public static ShadowReference measure(Session fast, Session baseline, List<Batch> samples) {
    Objects.requireNonNull(fast, "fast session to measure");
    Objects.requireNonNull(baseline, "baseline session to measure");
    Objects.requireNonNull(samples, "samples to measure with");
    if (samples.size() < FEWEST_SAMPLES) {
      throw new IllegalArgumentException(
          "A reference needs at least "
              + FEWEST_SAMPLES
              + " samples, but there are "
              + samples.size()
              + ". Take a hundred usual requests.");
    }
    Map<String, Double> divergences = new HashMap<>();
    Map<String, List<double[]>> features = new HashMap<>();
    for (Batch in : samples) {
      try (Batch quick = fast.run(in);
          Batch slow = baseline.run(in)) {
        measure(quick, slow, divergences);
        Features.tell(
            in, quick, (name, v) -> features.computeIfAbsent(name, n -> new ArrayList<>()).add(v));
      }
    }
    Map<String, Sketch> sketches = new HashMap<>();
    features.forEach(
        (name, parts) -> {
          double[] values = parts.stream().flatMapToDouble(DoubleStream::of).toArray();
          if (values.length > 0) {
            sketches.put(name, Sketch.of(values));
          }
        });
    return new ShadowReference(divergences, sketches);
  }

  private static void measure(Batch fast, Batch baseline, Map<String, Double> divergences) {
    for (int i = 0; i < fast.size(); i++) {
      Tensor tensor = fast.tensor(i);
      if (tensor.type().isFloatingPoint()) {
        for (Comparison by : Comparison.values()) {
          double divergence = Judge.worstRow(by, tensor, baseline.get(fast.name(i)));
          divergences.merge(key(by, fast.name(i)), divergence, Math::max);
        }
      }
    }
  }

  private static String key(Comparison by, String output) {
    return by + " " + output;
  }

  /** Up to what divergence an output agrees, if it was measured and that tells. */
  OptionalDouble limit(Comparison by, String output) {
    Double largest = divergences.get(key(by, output));
    return largest == null || by == Comparison.TOP1
        ? OptionalDouble.empty()
        : OptionalDouble.of(Math.max(ROUNDING, MARGIN * largest));
  }

  Map<String, Sketch> sketches() {
    return sketches;
  }

  /**
   * Writes it as a text file, whole or not at all: what was there before stays until it is on the
   * disk, and keeps its permissions. A link to a file stays, and that file is replaced.
   *
   * @throws HoneException if it cannot be written, or is there and no regular file but a folder or
   *     a pipe, for example
   */
  public void save(Path file) {
    Objects.requireNonNull(file, "file to save a reference to");
    List<String> lines = new ArrayList<>();
    lines.add(HEADER);
    divergences.forEach((key, value) -> lines.add("divergence\t" + key + "\t" + value));
    sketches.forEach((name, sketch) -> lines.add("feature\t" + name + "\t" + sketch.format()));
    String text = String.join("\n", lines) + "\n";
    WholeFile.write(file, "reference", text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @throws HoneException if it cannot be read or is something else
   */
  public static ShadowReference load(Path file) {
    Objects.requireNonNull(file, "file to load a reference from");
    try {
      List<String> lines = Files.readAllLines(file);
      if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
        throw new IllegalArgumentException("its first line is not '" + HEADER + "'");
      }
      Map<String, Double> divergences = new HashMap<>();
      Map<String, Sketch> sketches = new HashMap<>();
      for (String line : lines.subList(1, lines.size())) {
        String[] fields = line.split("\t", -1);
        if (fields.length == 3 && fields[0].equals("divergence")) {
          divergences.put(fields[1], Double.valueOf(fields[2]));
        } else if (fields.length == 3 && fields[0].equals("feature")) {
          sketches.put(fields[1], Sketch.parse(fields[2]));
        } else {
          throw new IllegalArgumentException("this line means nothing: " + line);
        }
      }
      return new ShadowReference(divergences, sketches);
    } catch (IOException | IllegalArgumentException e) {
      throw new HoneException(
          "No reference can be read from "
              + file
              + ": "
              + reason(e)
              + ". Make one with ShadowReference.measure and save.",
          e);
    }
  }

  /** In words, where an exception only names the file or counts bytes. */
  private static String reason(Exception e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file";
    }
    return e instanceof CharacterCodingException ? "it is no text" : String.valueOf(e.getMessage());
  }
}

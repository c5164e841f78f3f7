package dev.hone.onnx;

import dev.hone.Precision;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How a model is brought to a {@link Precision} below that of its file, and when the result is
 * refused. Immutable. The defaults are right for most programs.
 *
 * <pre>{@code
 * OnnxOptions.builder()
 *     .quantization(Quantization.builder().floor(0.995, 0.99).exclude("/classifier/*").build())
 *     .build();
 * }</pre>
 *
 * <p><b>Refusal.</b> A smaller model whose answers are too far from the original's, or that is not
 * faster where speed is what it is for, is refused with a {@link QuantizationException} that holds
 * the report. {@link Builder#evenIfWorse} and {@link Builder#evenIfSlower} take it all the same.
 */
public final class Quantization {
  /** The defaults. */
  public static final Quantization DEFAULT = builder().build();

  private final Builder values;

  private Quantization(Builder values) {
    this.values = values;
  }

  /** Begins with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Begins with these options. */
  public Builder toBuilder() {
    return values.copy();
  }

  /** The forms that {@link Precision#INT8} can take. */
  public enum Form {
    /**
     * {@link #STATIC} where there are calibration batches, {@link #DYNAMIC} where there are none.
     */
    AUTOMATIC,
    /**
     * Weights and activations in 8 bits, with scales that calibration batches fixed. A row's answer
     * does not depend on the other rows of its batch. The fastest, and with outliers treated apart
     * the closest.
     */
    STATIC,
    /** As {@link #STATIC}, with everything left out that costs speed to gain fidelity. */
    FASTEST,
    /**
     * Weights and activations in 8 bits, with one scale for each batch, taken when it comes. Needs
     * no calibration. A row's answer depends a little on the other rows of its batch.
     */
    DYNAMIC,
    /** Weights in 8 bits, activations as floats. The closest; saves memory, hardly time. */
    WEIGHTS
  }

  /** How the scales of blocks of weights are found, in {@link Precision#INT4} mainly. */
  public enum Blocks {
    /** From the range of each block. */
    ROUND_TO_NEAREST,
    /** By a search that weighs each weight: the closest, and the default. */
    K_QUANT,
    /** By a fit that forgives outliers. */
    HALF_QUADRATIC
  }

  /** The form of INT8. */
  public Form form() {
    return values.form;
  }

  /** How the scales of blocks are found. */
  public Blocks blocks() {
    return values.blocks;
  }

  /** Weights that share a scale, where weights are quantized in blocks. */
  public int blockSize() {
    return values.blockSize;
  }

  /** Names of nodes that stay as they are; {@code *} stands for any text. */
  public Set<String> excluded() {
    return Set.copyOf(values.excluded);
  }

  /** The least mean cosine to the original that is taken; empty for the precision's own. */
  public OptionalDouble leastMeanCosine() {
    return values.leastMeanCosine;
  }

  /** The least first percentile of the cosine that is taken; empty for the precision's own. */
  public OptionalDouble leastFirstPercentile() {
    return values.leastFirstPercentile;
  }

  /** Whether a result is taken whose answers are too far from the original's. */
  public boolean evenIfWorse() {
    return values.evenIfWorse;
  }

  /** Whether a result is taken that is not faster than the original. */
  public boolean evenIfSlower() {
    return values.evenIfSlower;
  }

  /** The folder of the cache; empty for the user's own. */
  public Optional<Path> cacheFolder() {
    return Optional.ofNullable(values.cacheFolder);
  }

  /** How large the cache may grow; 0 if nothing is kept. */
  public long cacheBytes() {
    return values.cacheBytes;
  }

  /** Who hears how far the work is. */
  public Progress progress() {
    return values.progress;
  }

  /**
   * What differs from {@link #DEFAULT}, for example {@code Quantization[form FASTEST,
   * evenIfSlower]}.
   */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "Quantization[", "]");
    add(text, "form " + form(), form() != Form.AUTOMATIC);
    add(text, "blocks " + blocks(), blocks() != Blocks.K_QUANT);
    add(text, "blockSize " + blockSize(), blockSize() != DEFAULT.blockSize());
    add(text, "excluded " + values.excluded, !values.excluded.isEmpty());
    values.leastMeanCosine.ifPresent(least -> text.add("leastMeanCosine " + least));
    values.leastFirstPercentile.ifPresent(least -> text.add("leastFirstPercentile " + least));
    add(text, "evenIfWorse", evenIfWorse());
    add(text, "evenIfSlower", evenIfSlower());
    add(text, "cacheFolder " + values.cacheFolder, values.cacheFolder != null);
    add(text, "cacheBytes " + cacheBytes(), cacheBytes() != DEFAULT.cacheBytes());
    return text.toString();
  }

  private static void add(StringJoiner text, String what, boolean differs) {
    if (differs) {
      text.add(what);
    }
  }

  /** Collects options. */
  public static final class Builder {
    private static final long DEFAULT_CACHE_BYTES = 4L << 30;

    private Form form = Form.AUTOMATIC;
    private Blocks blocks = Blocks.K_QUANT;
    private int blockSize = 32;
    private final Set<String> excluded = new TreeSet<>();
    private OptionalDouble leastMeanCosine = OptionalDouble.empty();
    private OptionalDouble leastFirstPercentile = OptionalDouble.empty();
    private boolean evenIfWorse;
    private boolean evenIfSlower;
    private @Nullable Path cacheFolder;
    private long cacheBytes = DEFAULT_CACHE_BYTES;
    private Progress progress = Progress.NONE;

    private Builder() {}

    private Builder copy() {
      Builder copy = new Builder();
      copy.form = form;
      copy.blocks = blocks;
      copy.blockSize = blockSize;
      copy.excluded.addAll(excluded);
      copy.leastMeanCosine = leastMeanCosine;
      copy.leastFirstPercentile = leastFirstPercentile;
      copy.evenIfWorse = evenIfWorse;
      copy.evenIfSlower = evenIfSlower;
      copy.cacheFolder = cacheFolder;
      copy.cacheBytes = cacheBytes;
      copy.progress = progress;
      return copy;
    }

    /** The form of INT8; {@link Form#AUTOMATIC} by default. */
    public Builder form(Form form) {
      this.form = Given.option(form, "form");
      return this;
    }

    /** How the scales of blocks of weights are found; {@link Blocks#K_QUANT} by default. */
    public Builder blocks(Blocks blocks) {
      this.blocks = Given.option(blocks, "blocks");
      return this;
    }

    /**
     * How many weights share a scale, where weights are quantized in blocks; 32 by default. Larger
     * blocks save a little memory and cost fidelity.
     *
     * @param blockSize a power of two from 16 to 256
     */
    public Builder blockSize(int blockSize) {
      if (blockSize < 16 || blockSize > 256 || Integer.bitCount(blockSize) != 1) {
        throw new IllegalArgumentException(
            "The size of a block must be a power of two from 16 to 256, but is " + blockSize + ".");
      }
      this.blockSize = blockSize;
      return this;
    }

    /**
     * Leaves nodes as they are. A pattern that fits no node of the fused graph is refused when the
     * model is quantized, with an {@link IllegalArgumentException}: nodes that fusing makes one, as
     * attention, have the name of what they became, which the report tells.
     *
     * @param nodes their names, or those of their first outputs; {@code *} stands for any text
     */
    public Builder exclude(String... nodes) {
      for (String node : Given.option(nodes, "exclude")) {
        excluded.add(Given.option(node, "exclude"));
      }
      return this;
    }

    /**
     * How near the answers must be to the original's, as cosines on the rows kept for checking. By
     * default 0.99 and 0.97 for INT8, 0.975 and 0.95 for INT4, and 0.9999 for 16 bits. Of a model
     * that answers in integers or texts only, {@code leastMean} is the share of them that must stay
     * what it is, by default 0.95.
     *
     * @param leastMean the least mean, from -1 to 1
     * @param leastFirstPercentile what all but a hundredth must reach, at most {@code leastMean}
     */
    public Builder floor(double leastMean, double leastFirstPercentile) {
      boolean cosines = leastFirstPercentile >= -1 && leastMean <= 1;
      if (!cosines || !(leastFirstPercentile <= leastMean)) {
        throw new IllegalArgumentException(
            "The floors must be cosines from -1 to 1, and that of the first percentile not above"
                + " that of the mean, but are "
                + leastMean
                + " for the mean and "
                + leastFirstPercentile
                + " for the first percentile.");
      }
      this.leastMeanCosine = OptionalDouble.of(leastMean);
      this.leastFirstPercentile = OptionalDouble.of(leastFirstPercentile);
      return this;
    }

    /** Takes a result below the floors; the report says so. Off by default. */
    public Builder evenIfWorse(boolean evenIfWorse) {
      this.evenIfWorse = evenIfWorse;
      return this;
    }

    /** Takes a result that is not faster than the original; the report says so. Off by default. */
    public Builder evenIfSlower(boolean evenIfSlower) {
      this.evenIfSlower = evenIfSlower;
      return this;
    }

    /**
     * Where results are kept for the next opening. By default the folder that the system property
     * {@code hone.cache} names, or else {@code hone} in the user's folder for caches.
     */
    public Builder cacheFolder(Path folder) {
      this.cacheFolder = Given.option(folder, "cacheFolder");
      return this;
    }

    /**
     * How large the cache may grow before what was not used for longest goes; 4 GiB by default. 0
     * keeps nothing: each opening does the work again.
     */
    public Builder cacheBytes(long bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException(
            "The size of the cache must be at least 0 bytes, which turns it off, but is "
                + bytes
                + ".");
      }
      this.cacheBytes = bytes;
      return this;
    }

    /** Tells how far the work is. */
    public Builder progress(Progress progress) {
      this.progress = Given.option(progress, "progress");
      return this;
    }

    /** The options. */
    public Quantization build() {
      return new Quantization(copy());
    }
  }
}

package dev.hone.onnx;

import dev.hone.HoneException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model was not brought to the precision asked for, because the result would not be what the
 * caller wants: too far from the original, not faster, or nothing was there to make smaller. The
 * original is untouched and can be opened as it is.
 */
public final class QuantizationException extends HoneException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable QuantizationReport report;

  QuantizationException(String message, @Nullable QuantizationReport report) {
    super(message);
    this.report = report;
  }

  /** What was done and measured; empty where it did not come to that, and after serialization. */
  public Optional<QuantizationReport> report() {
    return Optional.ofNullable(report);
  }
}

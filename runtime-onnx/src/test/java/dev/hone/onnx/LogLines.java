package dev.hone.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The warnings that the runtime logs meanwhile. */
final class LogLines extends Handler implements AutoCloseable {
  private final Logger logger = Logger.getLogger(OnnxRuntime.class.getName());
  private final List<String> warnings = new ArrayList<>();

  LogLines() {
    logger.addHandler(this);
  }

  synchronized List<String> warnings() {
    return List.copyOf(warnings);
  }

  @Override
  public synchronized void publish(LogRecord line) {
    if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
      warnings.add(line.getMessage());
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}

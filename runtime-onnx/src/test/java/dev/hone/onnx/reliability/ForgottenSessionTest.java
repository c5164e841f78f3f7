package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Session;
import dev.hone.contract.NoLeaks;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A session that nobody closed is found, freed and reported with the place of its opening. */
@ExtendWith(NoLeaks.class)
class ForgottenSessionTest {
  /** Keeps what is logged. */
  private static final class Records extends Handler {
    final List<LogRecord> all = new CopyOnWriteArrayList<>();

    @Override
    public void publish(LogRecord entry) {
      all.add(entry);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES)
  void aForgottenSessionIsReportedWithItsOrigin() {
    Logger logger = Logger.getLogger("dev.hone.memory");
    Records records = new Records();
    logger.addHandler(records);
    logger.setUseParentHandlers(false);
    try {
      assertThat(NoLeaks.leaksOf(ForgottenSessionTest::openAndForget)).isEqualTo(1);
    } finally {
      logger.setUseParentHandlers(true);
      logger.removeHandler(records);
    }
    LogRecord report = records.all.get(0);
    assertThat(report.getLevel()).isEqualTo(Level.WARNING);
    assertThat(report.getMessage()).contains("session was not closed", "opened here");
    assertThat(report.getThrown().getStackTrace())
        .extracting(StackTraceElement::getMethodName)
        .contains("openAndForget");
  }

  private static void openAndForget() {
    Session session = new Chain(2).open();
    assertThat(session.signature().inputNames()).containsExactly("x", "w");
  }
}

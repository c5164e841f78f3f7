package dev.hone.cuda;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests of a class that need a GPU: where there is none each is skipped, and so counted, with the
 * diagnosis as the reason.
 */
final class NeedsGpu implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    return context.getTestMethod().isEmpty()
        ? ConditionEvaluationResult.enabled("each test by itself")
        : evaluate(CudaDiagnostics.report());
  }

  static ConditionEvaluationResult evaluate(CudaReport report) {
    return report.isReady()
        ? ConditionEvaluationResult.enabled(report.toString())
        : ConditionEvaluationResult.disabled("This test needs a GPU. " + report);
  }
}

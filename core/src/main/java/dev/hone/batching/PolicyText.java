package dev.hone.batching;

import java.time.Duration;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A policy in words: what differs from the usual, by the names of the builder's methods. */
final class PolicyText {
  private final StringJoiner text = new StringJoiner(", ").setEmptyValue("automatic");

  private PolicyText() {}

  static String of(BatchPolicy policy, BatchPolicy usual) {
    PolicyText words = new PolicyText();
    words.addBatches(policy, usual);
    words.addQueue(policy, usual);
    words.addModel(policy, usual);
    return words.text.toString();
  }

  private void addBatches(BatchPolicy policy, BatchPolicy usual) {
    add("maxRows", policy.maxRows, usual.maxRows);
    add("maxTokens", policy.maxTokens, usual.maxTokens);
    add("maxBatchBytes", policy.maxBatchBytes, usual.maxBatchBytes);
    add("lanes", policy.lanes, usual.lanes);
    addTime("linger", policy.lingerNanos, usual.lingerNanos);
    addTime("latencyTarget", policy.latencyTargetNanos, usual.latencyTargetNanos);
    addTime("warmUp", policy.warmUpNanos, usual.warmUpNanos);
    addIf(policy.always, "evenIfItDoesNotPay");
  }

  private void addQueue(BatchPolicy policy, BatchPolicy usual) {
    addBounds(policy, usual);
    addIf(policy.callbacks != usual.callbacks, "with an executor for callbacks");
    addIf(policy.recorder != null, "with a recorder");
  }

  private void addBounds(BatchPolicy policy, BatchPolicy usual) {
    int before = text.length();
    add("maxQueueRows", policy.maxQueueRows, usual.maxQueueRows);
    add("maxQueueBytes", policy.maxQueueBytes, usual.maxQueueBytes);
    addTime("maxQueueDelay", policy.maxQueueDelayNanos, usual.maxQueueDelayNanos);
    if (policy.overload == BatchPolicy.Overload.BLOCK) {
      addTime("blockWhenOverloaded", policy.blockNanos, usual.blockNanos);
    } else {
      add("whenOverloaded", policy.overload, usual.overload);
    }
    add("tenantShare", new TreeMap<>(policy.shares), new TreeMap<>(usual.shares));
    addIf(policy.queues && text.length() == before, "with a queue");
  }

  private void addModel(BatchPolicy policy, BatchPolicy usual) {
    add("whenRowsInteract", policy.interaction, usual.interaction);
    add("tolerance", policy.tolerance, usual.tolerance);
    add("lengthAxis", policy.lengthAxis, usual.lengthAxis);
    add("mask", policy.mask, usual.mask);
    add("padding", new TreeMap<>(policy.padding), new TreeMap<>(usual.padding));
    add("samples", policy.samples.size(), usual.samples.size());
  }

  private void add(String name, @Nullable Object value, @Nullable Object usual) {
    addIf(!Objects.equals(value, usual), name + " " + value);
  }

  private void addTime(String name, long nanos, long usualNanos) {
    addIf(nanos != usualNanos, name + " " + Duration.ofNanos(nanos));
  }

  private void addIf(boolean isUnusual, String words) {
    if (isUnusual) {
      text.add(words);
    }
  }
}

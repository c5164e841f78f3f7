package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.memory.Memory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What opening finds out about a model before it lets calls share batches. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class BatcherSafetyTest {
  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().warmUp(Duration.ofMillis(20)).lanes(1);
  }

  private static String noteOf(Batcher batcher) {
    return String.join("\n", batcher.report().notes());
  }

  private static void requireAnswersAsAlone(Batcher batcher, ToySession.Trait trait) {
    try (Batch in = ToySession.input(new long[] {1, 2, 3});
        Batch answer = batcher.run(in);
        Batch expected = new ToySession(trait).run(in)) {
      assertThat(answer.get("pooled").toFloatArray())
          .isEqualTo(expected.get("pooled").toFloatArray());
    }
  }

  private static void spin(long nanos) {
    long until = System.nanoTime() + nanos;
    while (System.nanoTime() - until < 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aModelWhoseRowsInfluenceEachOtherRunsCallByCall() {
    ToySession toy = new ToySession(ToySession.Trait.MIXES_ROWS);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(noteOf(batcher)).contains("one by one", "rows change each other's results");
      requireAnswersAsAlone(batcher, ToySession.Trait.MIXES_ROWS);
    }
  }

  @Test
  void thePolicyMayRefuseSuchAModel() {
    try (ToySession toy = new ToySession(ToySession.Trait.MIXES_ROWS)) {
      BatchPolicy refusing = policy().whenRowsInteract(BatchPolicy.Interaction.REFUSE).build();
      assertThatThrownBy(() -> Batcher.over(toy, refusing))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("rows change each other's results")
          .hasMessageContaining("RUN_ALONE");
      assertThat(toy.isClosed()).isFalse();
    }
  }

  @Test
  void thePolicyMayAcceptSuchAModel() {
    ToySession toy = new ToySession(ToySession.Trait.MIXES_ROWS);
    BatchPolicy accepting = policy().whenRowsInteract(BatchPolicy.Interaction.ACCEPT).build();
    try (Batcher batcher = Batcher.over(toy, accepting)) {
      assertThat(batcher.isBatching()).isTrue();
      assertThat(noteOf(batcher)).contains("as the policy accepts");
    }
  }

  @Test
  void aModelThatDoesNotLookAtItsMaskSharesBatchesOfOneLength() {
    ToySession toy = new ToySession(ToySession.Trait.IGNORES_MASK);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isTrue();
      assertThat(noteOf(batcher)).contains("only rows of one length");
      requireAnswersAsAlone(batcher, ToySession.Trait.IGNORES_MASK);
    }
  }

  @Test
  void aModelWithoutAMaskSharesBatchesOfOneLength() {
    ToySession toy = new ToySession(ToySession.Trait.NO_MASK);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isTrue();
      assertThat(noteOf(batcher)).doesNotContain("padding");
    }
  }

  @Test
  void aFixedBatchOfOneRunsCallByCall() {
    ToySession toy = new ToySession(ToySession.Trait.FIXED_BATCH);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(noteOf(batcher)).contains("fixed first dimension of 1");
      requireAnswersAsAlone(batcher, ToySession.Trait.FIXED_BATCH);
    }
  }

  @Test
  void anOutputWithoutRowsMeansCallByCall() {
    ToySession toy = new ToySession(ToySession.Trait.ROWLESS_OUTPUT);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(noteOf(batcher)).contains("'total' has no axis of rows");
    }
  }

  @Test
  void smallerIdsAreTriedWhereLargeOnesAreNotTaken() {
    ToySession toy = new ToySession(ToySession.Trait.TINY_VOCABULARY);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isTrue();
    }
  }

  @Test
  void aModelThatTakesNothingMadeUpAsksForSamples() {
    ToySession toy = new ToySession(ToySession.Trait.NO_VOCABULARY);
    try (Batcher batcher = Batcher.over(toy, policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(noteOf(batcher)).contains("BatchPolicy.samples", "not in the vocabulary");
    }
    ToySession other = new ToySession(ToySession.Trait.NO_VOCABULARY);
    try (Batch sample = ToySession.input(new long[] {1000, 2000, 1500, 1700});
        Batcher batcher =
            Batcher.over(other, policy().samples(sample).padding("input_ids", 1000).build())) {
      assertThat(batcher.isBatching()).isTrue();
    }
  }

  @Test
  void samplesThatTheModelDoesNotTakeAreBlamedAndNothingIsLeft() {
    ToySession toy = new ToySession(ToySession.Trait.NO_VOCABULARY);
    try (Batch sample = ToySession.input(new long[] {1, 2});
        Batcher batcher = Batcher.over(toy, policy().samples(sample).build())) {
      assertThat(noteOf(batcher))
          .contains("does not take the policy's samples", "Id 1 is not in the vocabulary");
    }
    try (Batch sample = Batch.of("input_ids", Tensor.of(new long[1][4]));
        Batcher batcher = Batcher.over(new ToySession(), policy().samples(sample).build())) {
      assertThat(noteOf(batcher))
          .contains("does not take the policy's samples", "No tensor is named 'attention_mask'");
    }
  }

  @Test
  void aPaddingValueOutOfRangeIsRefusedAndNothingIsLeft() {
    Port good = new Port("a", DataType.UINT8, 2, List.of(1), 255);
    Port bad = new Port("b", DataType.UINT8, 2, List.of(1), 300);
    assertThatThrownBy(() -> new Padding(List.of(good, bad)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("300");
  }

  @Test
  void aBatcherThatFailsClosesTheSessionThatItOpened() {
    ToySession toy = new ToySession();
    BatchPolicy policy = policy().build();
    CostGrid costs = ToySession.costs(1_000_000);
    Opening good = Opening.of(toy, policy, costs);
    Opening broken = new Opening(toy, good.verdict, new Plan(costs, 16, -1, 0));
    assertThatThrownBy(() -> Batcher.owning(broken, policy)).isInstanceOf(RuntimeException.class);
    assertThat(toy.isClosed()).isTrue();
  }

  @Test
  void lanesOfWhichOneCannotStartLeaveNoThread() throws InterruptedException {
    List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
    Lane.Service noting = (lane, flight) -> threads.add(Thread.currentThread());
    assertThatThrownBy(
            () ->
                new Lanes(
                    3,
                    index -> {
                      if (index == 2) {
                        awaitSize(threads, 2);
                        throw new OutOfMemoryError("unable to create native thread");
                      }
                      Lane lane = new Lane(index, noting);
                      lane.handOver(null);
                      return lane;
                    }))
        .isInstanceOf(OutOfMemoryError.class);
    for (Thread thread : threads) {
      thread.join(); // one that stays lets this test run out of time
    }
  }

  private static void awaitSize(List<Thread> threads, int size) {
    while (threads.size() < size) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whereSharingCannotPayCallsShareNoBatches() {
    ToySession toy = new ToySession();
    // Together is dearer, and a run so short that a wake is more than measuring may be wrong by.
    toy.fault = (in, options) -> spin(20_000 * in.rows() * in.rows());
    try (Batcher batcher =
        Batcher.over(toy, BatchPolicy.builder().warmUp(Duration.ofMillis(300)).build())) {
      assertThat(noteOf(batcher)).contains("calls share no batches");
      assertThat(batcher.isBatching()).isFalse();
    }
  }

  @Test
  void anUnknownLengthAxisIsRefusedNamingTheKnownOnes() {
    try (ToySession toy = new ToySession()) {
      BatchPolicy wrong = policy().lengthAxis("tokens").build();
      assertThatThrownBy(() -> Batcher.over(toy, wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "lengthAxis is 'tokens', but the symbolic dimensions of the model's inputs are"
                  + " [batch, sequence].");
    }
  }

  @Test
  void anUnknownMaskOrPaddedInputIsRefusedNamingTheInputs() {
    try (ToySession toy = new ToySession()) {
      BatchPolicy mask = policy().mask("mask").build();
      BatchPolicy padding = policy().padding("ids", 1).build();
      assertThatThrownBy(() -> Batcher.over(toy, mask))
          .hasMessageContaining("mask names the input 'mask'")
          .hasMessageContaining("[input_ids, attention_mask]");
      assertThatThrownBy(() -> Batcher.over(toy, padding))
          .hasMessageContaining("padding names the input 'ids'");
    }
  }

  @Test
  void budgetsThatNoBatchOfTheModelKeepsAreRefusedNamingBothSides() {
    try (ToySession toy = new ToySession()) { // a row: 16 bytes in, at least
      requireRefused(
          toy,
          policy().maxBatchBytes(15),
          "maxBatchBytes is 15",
          "a row of this model has 16 bytes");
      requireRefused(
          toy, policy().maxRows(4).maxBatchBytes(63), "maxRows is 4 but maxBatchBytes is 63", "16");
      requireRefused(
          toy, policy().maxRows(4).maxQueueBytes(63), "maxRows is 4 but maxQueueBytes is 63", "16");
    }
    BatchPolicy just = policy().maxRows(4).maxBatchBytes(64).maxQueueBytes(64).build();
    Batcher.over(new ToySession(), just).close();
  }

  @Test
  void rowsMayBeLargerThanTheUsualBudgetsHaveRoomForAFullBatchOf() {
    Signature.Dimension rows = Signature.Dimension.of("batch");
    Signature.Value image =
        Signature.Value.tensor("x", DataType.FLOAT32, rows, Signature.Dimension.of(1_228_800));
    Signature signature = new Signature(List.of(image), List.of(image));
    Layout layout = Layout.of(signature, LengthAxis.of(signature, policy().build()));
    try (Batch in = Batch.of("x", Tensor.allocate(DataType.FLOAT32, Shape.of(1, 1_228_800)))) {
      Kind kind = Objects.requireNonNull(layout.kindOf(in, List.of()));
      Limits.requireUsable(policy().maxRows(4096).build(), kind); // the queue is what limits them
    }
  }

  private static void requireRefused(ToySession toy, BatchPolicy.Builder policy, String... words) {
    assertThatThrownBy(() -> Batcher.over(toy, policy.build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void aMaskWithoutTheLengthAxisIsRefusedNamingBoth() {
    try (ToySession toy = new ToySession()) {
      requireRefused(
          toy, policy().lengthAxis("sequence").mask("seen"), "mask names the input 'seen'");
      requireRefused(toy, policy().lengthAxis("batch"), "lengthAxis is 'batch'", "counts the rows");
    }
    Signature.Dimension rows = Signature.Dimension.of("batch");
    Signature.Value text =
        Signature.Value.tensor("x", DataType.INT64, rows, Signature.Dimension.of("words"));
    Signature.Value mask =
        Signature.Value.tensor("seen", DataType.INT64, rows, Signature.Dimension.of("letters"));
    Signature signature = new Signature(List.of(text, mask), List.of(text));
    assertThatThrownBy(
            () -> LengthAxis.of(signature, policy().lengthAxis("words").mask("seen").build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("lengthAxis is 'words'", "mask is 'seen'");
    BatchPolicy both = policy().lengthAxis("sequence").mask("attention_mask").build();
    Batcher.over(new ToySession(), both).close();
  }

  @Test
  void paddingOfWhatIsNeverPaddedIsRefusedNamingBoth() {
    try (ToySession toy = new ToySession(ToySession.Trait.NO_MASK)) {
      requireRefused(
          toy,
          policy().padding("input_ids", 9),
          "padding names the input 'input_ids'",
          "lengthAxis");
    }
    try (ToySession toy = new ToySession(ToySession.Trait.NO_MASK)) {
      Batcher.over(toy, policy().padding("input_ids", 0).build()).close(); // as without saying so
    }
    try (ToySession toy = new ToySession(ToySession.Trait.FIXED_BATCH)) { // batches nothing anyway
      Batcher.over(toy, policy().padding("input_ids", 9).build()).close();
    }
  }

  @Test
  void aRowThatIsLargerThanABudgetIsRefusedNamingBoth() {
    ToySession toy = new ToySession();
    try (Batcher batcher = Batcher.over(toy, policy().maxRows(2).maxTokens(4).build());
        Batch in = ToySession.input(new long[] {1, 2, 3, 4, 5})) {
      assertThatThrownBy(() -> batcher.run(in))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("4 tokens a batch (maxTokens)")
          .hasMessageContaining("have 5");
    }
  }

  @Test
  void tensorsOfADeviceAreForTheSessionToTakeOrRefuse() {
    ToySession toy = new ToySession();
    try (Batcher batcher = Batcher.over(toy, policy().build());
        Batch here = ToySession.input(new long[] {1, 2, 3});
        Batch there = onDevice(here)) {
      batcher.run(here).close();
      assertThatThrownBy(() -> batcher.run(there))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be in memory of the host, but lies on cuda:0");
      assertThatThrownBy(() -> batcher.runAsync(there).join())
          .hasCauseInstanceOf(IllegalArgumentException.class);
      batcher.run(here).close();
    }
  }

  private static Batch onDevice(Batch like) {
    List<String> names = new ArrayList<>();
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < like.size(); i++) {
      Tensor tensor = like.tensor(i);
      Memory memory = Memory.adoptOnDevice("cuda:0", 4096, tensor.byteSize(), () -> {});
      names.add(like.name(i));
      tensors.add(Tensor.of(tensor.type(), tensor.shape(), memory));
    }
    return Batch.of(names, tensors);
  }
}

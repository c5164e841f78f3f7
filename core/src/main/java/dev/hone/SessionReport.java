package dev.hone;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a session really is: which runtime it runs on, what was done to the model, and where each of
 * its nodes runs. {@link #toString} is a text for people.
 *
 * @param runtime name and version of the runtime
 * @param device where it computes
 * @param precision the numbers it computes with
 * @param threads threads that work on one run
 * @param runsAtOnce how many runs it takes at once before more of them wait for these; 0 where only
 *     the processors limit that
 * @param nodes the nodes after the runtime's own optimization, with where each runs; empty where
 *     the runtime does not tell
 * @param notes what was fused, quantized, left alone, or not given as asked, and why
 */
public record SessionReport(
    String runtime,
    Device device,
    Precision precision,
    int threads,
    int runsAtOnce,
    List<Node> nodes,
    List<String> notes) {
  /** Copies the lists. */
  public SessionReport {
    nodes = List.copyOf(nodes);
    notes = List.copyOf(notes);
  }

  /** Of a session that only the processors limit. */
  public SessionReport(
      String runtime,
      Device device,
      Precision precision,
      int threads,
      List<Node> nodes,
      List<String> notes) {
    this(runtime, device, precision, threads, 0, nodes, notes);
  }

  /**
   * One node of the model as it runs.
   *
   * @param name its name in the model
   * @param operator its operator, with the domain before it unless it is the default one
   * @param provider what runs it, for example {@code CPUExecutionProvider}
   */
  public record Node(String name, String operator, String provider) {}

  /** The same with one more note, after the others. */
  public SessionReport withNote(String note) {
    List<String> more = new ArrayList<>(notes);
    more.add(note);
    return new SessionReport(runtime, device, precision, threads, runsAtOnce, nodes, more);
  }

  /** The same of a session that takes so many runs at once. */
  public SessionReport withRunsAtOnce(int count) {
    return new SessionReport(runtime, device, precision, threads, count, nodes, notes);
  }

  /** How many nodes run where. */
  public Map<String, Long> nodesByProvider() {
    Map<String, Long> counts = new TreeMap<>();
    nodes.forEach(node -> counts.merge(node.provider(), 1L, Long::sum));
    return counts;
  }

  /** A few lines for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(runtime).append(", ").append(precision).append(" on ").append(device);
    text.append(", ").append(threads).append(threads == 1 ? " thread" : " threads");
    nodesByProvider()
        .forEach(
            (provider, count) ->
                text.append("\n  ")
                    .append(count)
                    .append(count == 1 ? " node on " : " nodes on ")
                    .append(provider));
    notes.forEach(note -> text.append("\n  ").append(note));
    return text.toString();
  }
}

package dev.hone.onnx.ort;

import dev.hone.SessionReport;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.onnxruntime.EpAssignedNodeWithDefaultOptionsImpl;
import org.bytedeco.onnxruntime.EpAssignedSubgraphWithDefaultOptionsImpl;
import org.bytedeco.onnxruntime.OrtSession;
import org.bytedeco.onnxruntime.Session;
import org.jspecify.annotations.Nullable;

/**
 * Reads from an open session which execution provider runs which node.
 *
 * <p>Goes through the C++ wrapper: the binding of the C function loses the array of subgraphs and
 * gives its first member instead.
 */
final class NodeAssignment {
  private NodeAssignment() {}

  static List<SessionReport.Node> read(OrtSession handle) {
    List<SessionReport.Node> nodes = new ArrayList<>();
    try (Session session = new Session(handle)) {
      try (EpAssignedSubgraphWithDefaultOptionsImpl subgraphs =
          session.GetEpGraphAssignmentInfo()) {
        long count = subgraphs == null ? 0 : subgraphs.limit(); // null where no node is left
        for (long i = 0; i < count; i++) {
          EpAssignedSubgraphWithDefaultOptionsImpl subgraph = subgraphs.getPointer(i);
          addNodes(subgraph, text(subgraph.GetEpName()), nodes);
        }
      } finally {
        session.release(); // the wrapper would free the handle, which is not its own
      }
    }
    return nodes;
  }

  private static void addNodes(
      EpAssignedSubgraphWithDefaultOptionsImpl subgraph,
      String provider,
      List<SessionReport.Node> nodes) {
    try (EpAssignedNodeWithDefaultOptionsImpl members = subgraph.GetNodes()) {
      for (long i = 0; i < members.limit(); i++) {
        EpAssignedNodeWithDefaultOptionsImpl node = members.getPointer(i);
        String domain = text(node.GetDomain());
        String operator = text(node.GetOperatorType());
        boolean standard = domain.isEmpty() || domain.equals("ai.onnx");
        nodes.add(
            new SessionReport.Node(
                text(node.GetName()), standard ? operator : domain + "." + operator, provider));
      }
    }
  }

  /** The binding gives null for an empty string. */
  private static String text(@Nullable BytePointer string) {
    return string == null ? "" : string.getString();
  }
}

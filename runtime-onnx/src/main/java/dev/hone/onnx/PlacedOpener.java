package dev.hone.onnx;

import dev.hone.Session;
import dev.hone.SessionOptions;
import org.jspecify.annotations.Nullable;

/**
 * Opens a model where it is told, for a session whose work may move: what takes its place is
 * counted by the recorder of the first that was opened, so that its figures go on.
 */
final class PlacedOpener {
  private final OnnxModel model;
  private final SessionOptions options;
  private final Passes passes;
  private volatile @Nullable SessionOptions counted;

  PlacedOpener(OnnxModel model, SessionOptions options, Passes passes) {
    this.model = model;
    this.options = options;
    this.passes = passes;
  }

  Session open(Placement placement) {
    SessionOptions known = counted;
    SessionOptions used = known == null ? Opening.counted(model, options, placement) : known;
    Session session = OnnxSession.open(model, used, passes, placement);
    counted = used;
    return session;
  }
}

/** What several tests of this module need: child JVMs, small models, a look into protobuf bytes. */
@NullMarked
package dev.hone.onnx.testing;

import org.jspecify.annotations.NullMarked;

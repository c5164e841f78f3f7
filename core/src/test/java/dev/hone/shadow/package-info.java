/** Tests of second opinions. */
@NullMarked
package dev.hone.shadow;

import org.jspecify.annotations.NullMarked;

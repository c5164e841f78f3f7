/** Rules of architecture, and code that breaks them. */
@NullMarked
package dev.hone.architecture.seeded.two;

import org.jspecify.annotations.NullMarked;

package dev.likeness.planted.ipadapter.internal.file;

import dev.likeness.planted.ipadapter.KnowsLora;

/** An engine that uses its facade. */
public final class UsesRootOfIpAdapter {
  KnowsLora adapter;
}

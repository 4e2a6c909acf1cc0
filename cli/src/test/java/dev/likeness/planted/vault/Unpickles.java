package dev.likeness.planted.vault;

import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.InputArchive;
import org.bytedeco.pytorch.global.torch;

/** Reads a file as libtorch does; never run. */
public final class Unpickles {
  InputArchive archive;

  IValue read(ByteVector file) {
    return torch.pickle_load(file);
  }
}

package dev.likeness.diffusion.internal.file;

import org.bytedeco.pytorch.Tensor;

/**
 * Named tensors as a file holds them: one safetensors file, several shards, a safely read pickle,
 * or memory.
 */
public interface TensorSource extends TensorNames, AutoCloseable {
  /**
   * The tensor as stored, on the CPU: a view where the file is mapped. The calling scope owns it.
   */
  Tensor read(String name);

  /** Lets go of the file; tensors already read stay valid. */
  @Override
  void close();
}

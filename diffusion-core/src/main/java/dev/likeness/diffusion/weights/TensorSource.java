package dev.likeness.diffusion.weights;

import dev.likeness.diffusion.tensor.DType;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** Named tensors as a file holds them: one safetensors file, several shards, a safely read pickle, or memory. */
public interface TensorSource extends AutoCloseable {
  /** Every tensor's name, in the file's order. */
  Set<String> names();

  /** The shape of {@code name}, which must be one of {@link #names()}. */
  long[] shape(String name);

  /** The element type as stored. */
  DType dtype(String name);

  /** The tensor as stored, on the CPU: a view where the file is mapped. The calling scope owns it. */
  Tensor read(String name);

  /** What error messages call this source: its file or folder. */
  String describe();

  /** Lets go of the file; tensors already read stay valid. */
  @Override
  void close();
}

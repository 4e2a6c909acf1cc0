package dev.likeness.lora.internal.training;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** A part of a run that a saved state remembers beside weights, average and optimiser. */
interface Kept {
  /** Its numbers, by names that no other part has. */
  Map<String, String> notes();

  /** Its tensors, by names that no other part has. */
  Map<String, Tensor> tensors();

  /** Goes on from all notes of a saved state; before {@link #resume(String, Tensor)}. */
  void resume(Map<String, String> notes);

  /** Takes up a tensor of a saved state, if it is one of its own; it ends with the call. */
  void resume(String name, Tensor value);
}

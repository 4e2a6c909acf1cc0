package dev.likeness.diffusion.internal.memory;

/**
 * What a layer computes, and which tensors around it a backward pass needs.
 *
 * @param positions the positions at which the layer computes; 1 for a layer on the time embedding
 * @param sharesInput true if another layer keeps the same input
 * @param keptInputs what norms and activations around the layer keep at each position, as a
 *     multiple of its inputs
 * @param keptOutputs the same as a multiple of its outputs
 * @param keptInputsInF32 what they keep in f32, in place of the layer's input
 * @param modulated the positions that a modulation layer shifts, scales and gates; 0 for others
 * @param attention the attention that the layer computes queries for; null for other layers
 * @param endsBlock true if the output of the layer is an output of its block
 */
public record LayerUse(
    double positions,
    boolean sharesInput,
    double keptInputs,
    double keptOutputs,
    double keptInputsInF32,
    double modulated,
    AttentionUse attention,
    boolean endsBlock) {
  /** A layer on the time embedding or pooled text. */
  public static final LayerUse CONDITIONING = at(1);

  /**
   * An attention, for its query layer.
   *
   * @param heads the number of heads
   * @param map the size of the attention map for each head; 0 if another query layer counts it
   * @param tensors the number of tensors as large as the queries that it keeps: the input of its
   *     norm, queries, keys, values and result
   * @param tensorsBesideMap the same if its attention map is kept too
   * @param isNormed true if queries and keys are normalised
   * @param isRotated true if queries and keys are rotated by position
   */
  public record AttentionUse(
      int heads,
      double map,
      int tensors,
      int tensorsBesideMap,
      boolean isNormed,
      boolean isRotated) {
    /** Returns the same attention for another of its query layers, which counts no map again. */
    public AttentionUse withoutMap() {
      return new AttentionUse(heads, 0, tensors, tensorsBesideMap, isNormed, isRotated);
    }
  }

  /** Returns a layer that computes at {@code positions} and keeps nothing around it. */
  public static LayerUse at(double positions) {
    return new LayerUse(positions, false, 0, 0, 0, 0, null, false);
  }

  /** Returns a layer on the time embedding that modulates {@code positions}. */
  public static LayerUse modulating(double positions) {
    return new LayerUse(1, false, 0, 0, 0, positions, null, false);
  }

  /** Returns this layer with an input that another layer keeps. */
  public LayerUse sharingInput() {
    return new LayerUse(
        positions, true, keptInputs, keptOutputs, keptInputsInF32, modulated, attention, endsBlock);
  }

  /** Returns this layer with multiples of inputs and outputs that are kept around it. */
  public LayerUse keeping(double inputs, double outputs) {
    return new LayerUse(
        positions, sharesInput, inputs, outputs, keptInputsInF32, modulated, attention, endsBlock);
  }

  /** Returns this layer with a multiple of its inputs that is kept in f32. */
  public LayerUse keepingInF32(double inputs) {
    return new LayerUse(
        positions, sharesInput, keptInputs, keptOutputs, inputs, modulated, attention, endsBlock);
  }

  /** Returns this layer as the query layer of an attention. */
  public LayerUse asking(AttentionUse asked) {
    return new LayerUse(
        positions,
        sharesInput,
        keptInputs,
        keptOutputs,
        keptInputsInF32,
        modulated,
        asked,
        endsBlock);
  }

  /** Returns this layer as the last of its block. */
  public LayerUse last() {
    return new LayerUse(
        positions,
        sharesInput,
        keptInputs,
        keptOutputs,
        keptInputsInF32,
        modulated,
        attention,
        true);
  }
}

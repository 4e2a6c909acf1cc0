package dev.likeness.diffusion.internal.family.flux;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What a ControlNet adds to the picture's tokens after FLUX's blocks, each [batch, imageTokens,
 * width]. There may be fewer than blocks, or none.
 *
 * @param blocks for the double blocks
 * @param singles for the single blocks
 * @param inTurns whether the double blocks take them in turns, rather than neighbours sharing one
 */
public record FluxResiduals(List<Tensor> blocks, List<Tensor> singles, boolean inTurns) {
  /** The same times {@code scale}. */
  public FluxResiduals times(double scale) {
    Scalar s = new Scalar(scale);
    return new FluxResiduals(
        blocks.stream().map(t -> t.mul(s)).toList(),
        singles.stream().map(t -> t.mul(s)).toList(),
        inTurns);
  }

  /** The same for the batch twice over, and so on. */
  public FluxResiduals repeated(long times) {
    return times == 1
        ? this
        : new FluxResiduals(
            blocks.stream().map(t -> t.repeat(times, 1, 1)).toList(),
            singles.stream().map(t -> t.repeat(times, 1, 1)).toList(),
            inTurns);
  }

  /** What block {@code i} of {@code of} is given, or null. */
  Tensor at(boolean single, int i, int of) {
    List<Tensor> all = single ? singles : blocks;
    if (all.isEmpty()) {
      return null;
    }
    return all.get(!single && inTurns ? i % all.size() : i / ((of + all.size() - 1) / all.size()));
  }
}

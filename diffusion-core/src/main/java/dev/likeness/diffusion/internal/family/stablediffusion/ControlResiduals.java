package dev.likeness.diffusion.internal.family.stablediffusion;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What a ControlNet adds to a UNet.
 *
 * @param down to what each layer of the way down leaves for the way up, in the order they leave it
 * @param mid to the bottom's output
 */
public record ControlResiduals(List<Tensor> down, Tensor mid) {
  /** The same times {@code scale}. */
  public ControlResiduals times(double scale) {
    Scalar s = new Scalar(scale);
    return new ControlResiduals(down.stream().map(tensor -> tensor.mul(s)).toList(), mid.mul(s));
  }

  /** Two ControlNets' together; {@code other} may be null. */
  public ControlResiduals plus(ControlResiduals other) {
    if (other == null) {
      return this;
    }
    List<Tensor> sums = new ArrayList<>();
    for (int i = 0; i < down.size(); i++) {
      sums.add(down.get(i).add(other.down.get(i)));
    }
    return new ControlResiduals(sums, mid.add(other.mid));
  }
}

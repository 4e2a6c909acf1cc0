package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Extends the delta of a layer to a layer with more input channels. The additional channels have a
 * delta of zero.
 *
 * @param delta the delta of the narrower layer
 * @param channels the number of input channels of the narrower layer
 */
public record WiderInputDelta(WeightDelta delta, long channels) implements WeightDelta {
  /**
   * Returns the delta with extended factors if possible; {@code count} is the number of input
   * channels of the delta, {@code all} that of the layer.
   */
  public static WeightDelta of(WeightDelta change, long count, long all) {
    if (change instanceof LoraDelta pair) {
      return new LoraDelta(pad(pair.down(), all), pair.mid(), pair.up(), pair.scale());
    }
    // Magnitudes are norms of whole rows, as in diffusers.
    return change instanceof DoraDelta dora && dora.magnitude().dim() == 1
        ? new DoraDelta(of(dora.direction(), count, all), dora.magnitude())
        : new WiderInputDelta(change, count);
  }

  private static Tensor pad(Tensor narrow, long channels) {
    long more = channels - narrow.size(1);
    return torch.constant_pad_nd(
        narrow, narrow.dim() == 4 ? new long[] {0, 0, 0, 0, 0, more} : new long[] {0, more});
  }

  @Override
  public Tensor deltaWeight(Tensor weight) {
    return pad(delta.deltaWeight(weight.narrow(1, 0, channels).contiguous()), weight.size(1));
  }

  @Override
  public WiderInputDelta map(UnaryOperator<Tensor> place) {
    return new WiderInputDelta(delta.map(place), channels);
  }

  @Override
  public long rank() {
    return delta.rank();
  }

  @Override
  public double scale() {
    return delta.scale();
  }
}

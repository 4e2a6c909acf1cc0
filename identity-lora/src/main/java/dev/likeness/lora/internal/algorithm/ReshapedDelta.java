package dev.likeness.lora.internal.algorithm;

import java.util.function.Supplier;
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
public record ReshapedDelta(WeightDelta delta, long channels) implements WeightDelta {
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
        : new ReshapedDelta(change, count);
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
  public ReshapedDelta map(UnaryOperator<Tensor> place) {
    return new ReshapedDelta(delta.map(place), channels);
  }

  @Override
  public long rank() {
    return delta.rank();
  }

  @Override
  public double scale() {
    return delta.scale();
  }

  /**
   * Some rows of the delta of a fused layer, for algorithms whose factors cannot be split by rows.
   *
   * @param whole the delta of the fused layer in the file
   * @param weight the weight of that layer, f32 on the CPU, owned by the calling scope
   * @param start the first row
   * @param count the number of rows
   * @param halvesSwapped true if its first half of rows is the second half in the model
   */
  public record RowSlice(
      WeightDelta whole, Supplier<Tensor> weight, long start, long count, boolean halvesSwapped)
      implements WeightDelta {
    /**
     * Returns the delta as factors, if the row blocks of the Kronecker product end at the same
     * rows.
     */
    public static WeightDelta of(
        WeightDelta whole, Supplier<Tensor> weight, long from, long count, boolean halvesSwapped) {
      if (whole instanceof LokrDelta product && !halvesSwapped) {
        long block = product.inner().size(0);
        if (from % block == 0 && count % block == 0) {
          Tensor outer = product.outer().narrow(0, from / block, count / block);
          return new LokrDelta(outer, product.inner(), product.rank(), product.scale());
        }
      }
      return new RowSlice(whole, weight, from, count, halvesSwapped);
    }

    @Override
    public Tensor deltaWeight(Tensor own) {
      Tensor all = whole.deltaWeight(weight.get());
      return (halvesSwapped ? swapHalves(all) : all).narrow(0, start, count).clone();
    }

    /** Returns rows, or numbers, with their halves exchanged. */
    public static Tensor swapHalves(Tensor rows) {
      return rows.roll(new long[] {rows.size(0) / 2}, 0);
    }

    @Override
    public RowSlice map(UnaryOperator<Tensor> place) {
      return new RowSlice(whole.map(place), weight, start, count, halvesSwapped);
    }

    @Override
    public long rank() {
      return whole.rank();
    }

    @Override
    public double scale() {
      return whole.scale();
    }
  }
}

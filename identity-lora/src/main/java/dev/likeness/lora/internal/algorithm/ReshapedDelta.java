package dev.likeness.lora.internal.algorithm;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A change of a layer that takes fewer channels, for one that takes others behind them: of those it
 * takes nothing.
 *
 * @param delta of the narrower layer
 * @param channels of the channels that this takes
 */
public record ReshapedDelta(WeightDelta delta, long channels) implements WeightDelta {
  /**
   * The same as factors where they have a place for more channels; {@code channels} are the
   * change's own, {@code all} the layer's.
   */
  public static WeightDelta of(WeightDelta change, long count, long all) {
    if (change instanceof LoraDelta pair) {
      return new LoraDelta(pad(pair.down(), all), pair.mid(), pair.up(), pair.scale());
    }
    // Lengths of rows are those of whole rows, as diffusers has them.
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
   * Some rows of the change of a layer that is several in the model: of kinds whose factors have no
   * rows of their own, or mix those of several.
   *
   * @param whole the change of the layer that the file knows
   * @param weight that layer's weight, f32 on the CPU, owned by the calling scope
   * @param start the first row
   * @param count of rows
   * @param halvesSwapped whether its first half of rows is the second in the model
   */
  public record RowSlice(
      WeightDelta whole, Supplier<Tensor> weight, long start, long count, boolean halvesSwapped)
      implements WeightDelta {
    /** The same as factors, where the product's blocks of rows end where these do. */
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

    /** Rows, or numbers, with their halves exchanged. */
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

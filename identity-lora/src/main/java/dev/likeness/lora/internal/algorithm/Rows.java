package dev.likeness.lora.internal.algorithm;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Some rows of the change of a layer that is several in the model: of kinds whose factors have no
 * rows of their own, or mix those of several.
 *
 * @param whole the change of the layer that the file knows
 * @param weight that layer's weight, f32 on the CPU, owned by the calling scope
 * @param from the first row
 * @param count of rows
 * @param halvesSwapped whether its first half of rows is the second in the model
 */
public record Rows(
    WeightDelta whole, Supplier<Tensor> weight, long from, long count, boolean halvesSwapped)
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
    return new Rows(whole, weight, from, count, halvesSwapped);
  }

  @Override
  public Tensor difference(Tensor own) {
    Tensor all = whole.difference(weight.get());
    return (halvesSwapped ? swapped(all) : all).narrow(0, from, count).clone();
  }

  /** Rows, or numbers, with their halves exchanged. */
  public static Tensor swapped(Tensor rows) {
    return rows.roll(new long[] {rows.size(0) / 2}, 0);
  }

  @Override
  public Rows mapped(UnaryOperator<Tensor> place) {
    return new Rows(whole.mapped(place), weight, from, count, halvesSwapped);
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

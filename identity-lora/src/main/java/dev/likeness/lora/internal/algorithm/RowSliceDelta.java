package dev.likeness.lora.internal.algorithm;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Some rows of the delta of a fused layer, for algorithms whose factors cannot be split by rows.
 *
 * @param whole the delta of the fused layer in the file
 * @param weight the weight of that layer, f32 on the CPU, owned by the calling scope
 * @param start the first row
 * @param count the number of rows
 * @param halvesSwapped true if its first half of rows is the second half in the model
 */
public record RowSliceDelta(
    WeightDelta whole, Supplier<Tensor> weight, long start, long count, boolean halvesSwapped)
    implements WeightDelta {
  /**
   * Returns the delta as factors, if the row blocks of the Kronecker product end at the same rows.
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
    return new RowSliceDelta(whole, weight, from, count, halvesSwapped);
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
  public RowSliceDelta map(UnaryOperator<Tensor> place) {
    return new RowSliceDelta(whole.map(place), weight, start, count, halvesSwapped);
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

package dev.likeness.diffusion.internal.nn.cpu;

import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A layer's weight as it lies in memory: as the layer computes with it, smaller and widened at each
 * use, or in a form that the layer made of it once.
 */
@FunctionalInterface
public interface LayerWeight {
  /** A tensor that is used as it is. */
  record Plain(Tensor tensor) implements LayerWeight {}

  /** The numbers to compute with; where they are widened the calling scope owns them. */
  Tensor tensor();

  /** Its dimensions. */
  default long[] shape() {
    return tensor().shape();
  }

  /** Whether what a layer makes of the numbers is kept. */
  default boolean keepsForms() {
    return false;
  }

  /**
   * Whether products with it are asked for in eight bits; what the layer makes of it then is kept.
   */
  default boolean usesInt8Matmul() {
    return false;
  }

  /**
   * What {@code making} makes of the numbers. Where it is kept, it is made at the first asking and
   * lies in the place of the numbers themselves, owned by the network's weights; else the calling
   * scope owns it.
   *
   * @param use the name of what is made, always the same for the same {@code making}
   */
  default Tensor form(String use, UnaryOperator<Tensor> making) {
    return making.apply(tensor());
  }

  /** The weight of another {@code shape} that {@code making} makes of this one. */
  default LayerWeight withForm(String use, UnaryOperator<Tensor> making, long... shape) {
    LayerWeight own = this;
    return new LayerWeight() {
      @Override
      public long[] shape() {
        return shape;
      }

      @Override
      public Tensor tensor() {
        return making.apply(own.tensor());
      }

      @Override
      public boolean keepsForms() {
        return own.keepsForms();
      }

      @Override
      public Tensor form(String next, UnaryOperator<Tensor> then) {
        return own.form(use + "." + next, wide -> then.apply(making.apply(wide)));
      }
    };
  }

  /** A weight of a network that keeps the {@code forms} its layer makes of it. */
  public record CachingMatrix(
      long[] shape,
      Supplier<Tensor> numbers,
      BiFunction<String, UnaryOperator<Tensor>, Tensor> forms,
      boolean usesInt8Matmul)
      implements LayerWeight {
    @Override
    public Tensor tensor() {
      return numbers.get();
    }

    @Override
    public boolean keepsForms() {
      return true;
    }

    @Override
    public Tensor form(String use, UnaryOperator<Tensor> making) {
      return forms.apply(use, making);
    }
  }
}

package dev.likeness.diffusion.internal.nn.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A layer's weight in memory. It is stored in the type of the computation, in a smaller type that
 * is cast at each use, or in a form that the layer derived from it.
 */
@FunctionalInterface
public interface LayerWeight {
  /** A weight that is used as it is stored. */
  record Plain(Tensor tensor) implements LayerWeight {}

  /** A weight that is stored in fewer bytes, and that {@code reading} computes at each use. */
  record Compressed(long[] shape, Supplier<Tensor> reading) implements LayerWeight {
    @Override
    public Tensor tensor() {
      return reading.get();
    }

    @Override
    public boolean isCompressed() {
      return true;
    }
  }

  /** Returns the weight for a computation; if it is cast, the calling scope owns it. */
  Tensor tensor();

  /** Returns its shape. */
  default long[] shape() {
    return tensor().shape();
  }

  /** Returns true if {@link #tensor} computes the weight at each call, from fewer bytes. */
  default boolean isCompressed() {
    return false;
  }

  /** Returns true if derived forms are kept. */
  default boolean keepsForms() {
    return false;
  }

  /** Returns true if products use eight bits; the derived forms are then kept. */
  default boolean usesInt8Matmul() {
    return false;
  }

  /**
   * Returns how the layer's input is rounded to bytes for products in eight bits; empty if the
   * layer has no such products, or if its range is found anew for each token.
   */
  default Optional<InputRange> inputRange() {
    return Optional.empty();
  }

  /**
   * Receives an input of the layer. Called before each product outside of training; only an
   * {@link Observed} weight reads it.
   *
   * @param product computes the layer's product of an input and a weight, without bias
   */
  default void observe(Tensor input, BiFunction<Tensor, LayerWeight, Tensor> product) {}

  /**
   * Returns a derived form, computed by {@code making}. A form that is kept is computed at the
   * first call and replaces the weight in memory; the network's weights own it. Otherwise the
   * calling scope owns it.
   *
   * @param use name of the form, the same for the same {@code making}
   */
  default Tensor form(String use, UnaryOperator<Tensor> making) {
    return making.apply(tensor());
  }

  /** Returns a weight of another {@code shape}, derived from this one by {@code making}. */
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
      public Optional<InputRange> inputRange() {
        return own.inputRange();
      }

      @Override
      public Tensor form(String next, UnaryOperator<Tensor> then) {
        return own.form(use + "." + next, wide -> then.apply(making.apply(wide)));
      }
    };
  }

  /** A weight of a network that keeps its derived {@code forms}. */
  public record CachingMatrix(
      long[] shape,
      Supplier<Tensor> numbers,
      BiFunction<String, UnaryOperator<Tensor>, Tensor> forms,
      boolean usesInt8Matmul,
      Optional<InputRange> inputRange)
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

  /**
   * A weight that passes the inputs of its layer to an observer.
   *
   * @param name the weight's canonical name
   * @param own the weight
   */
  public record Observed(String name, LayerWeight own, Observer observer) implements LayerWeight {
    /** Receives the inputs of layers. */
    @FunctionalInterface
    public interface Observer {
      /**
       * Receives an input of a layer.
       *
       * @param layer the layer's weight
       * @param input [..., in], or [batch, in, h, w] if the weight has four dimensions
       * @param product computes the layer's product of an input and a weight, without bias
       */
      void observe(Observed layer, Tensor input, BiFunction<Tensor, LayerWeight, Tensor> product);
    }

    @Override
    public Tensor tensor() {
      return own.tensor();
    }

    @Override
    public long[] shape() {
      return own.shape();
    }

    @Override
    public boolean isCompressed() {
      return own.isCompressed();
    }

    @Override
    public boolean keepsForms() {
      return own.keepsForms();
    }

    @Override
    public Tensor form(String use, UnaryOperator<Tensor> making) {
      return own.form(use, making);
    }

    @Override
    public void observe(Tensor input, BiFunction<Tensor, LayerWeight, Tensor> product) {
      observer.observe(this, input, product);
    }
  }

  /** Forms of a weight that are kept until they are closed. */
  public static final class Forms implements AutoCloseable {
    private final Map<String, Tensor> known = new HashMap<>();

    private Tensor get(String use, Supplier<Tensor> making) {
      return known.computeIfAbsent(use, anew -> {
        Tensor made = making.get();
        made.retainReference();
        return made;
      });
    }

    @Override
    public void close() {
      known.values().forEach(Tensor::releaseReference);
      known.clear();
    }
  }

  /**
   * A weight whose products are in eight bits.
   *
   * @param own the weight
   * @param range the range of the layer's input
   * @param forms keeps the rounded weight; ranges that share it have the same divisors
   */
  public record InRange(LayerWeight own, InputRange range, Forms forms) implements LayerWeight {
    @Override
    public Tensor tensor() {
      return own.tensor();
    }

    @Override
    public long[] shape() {
      return own.shape();
    }

    @Override
    public boolean usesInt8Matmul() {
      return true;
    }

    @Override
    public Optional<InputRange> inputRange() {
      return Optional.of(range);
    }

    @Override
    public Tensor form(String use, UnaryOperator<Tensor> making) {
      // oneDNN packs weights for inputs with the number 0 at the byte 0 in their own way.
      String zero = range.zeroPoint() == 0 ? "zero at 0 " : "";
      return forms.get(zero + use, () -> making.apply(tensor()));
    }
  }
}

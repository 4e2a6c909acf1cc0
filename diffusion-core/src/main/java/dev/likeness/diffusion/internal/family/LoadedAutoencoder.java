package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.ForwardMemory;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/** An autoencoder with its tensors. Images and latents of any type are converted to its own. */
public final class LoadedAutoencoder implements Autoencoder, AutoCloseable {
  /** The output rows of a strip of a tiled autoencoder. */
  private static final int TILE_ROWS = 64;
  /** Larger images are decoded in strips, with the same result. */
  private static final long MAX_UNTILED_PIXELS = 1024 * 1024;

  private final Compute compute;
  private final LoadedWeights weights;
  private final BiFunction<Weights, RowTiling, Autoencoder> network;
  private final int latentChannels;
  private final int factor;
  private final int channels;
  private final long maxUntiledPixels;
  /** The same autoencoder in f32, opened at its first use; null if this one is f32. */
  private final Lazy<LoadedAutoencoder> exact;

  private LoadedAutoencoder(
      Compute compute,
      LoadedWeights weights,
      BiFunction<Weights, RowTiling, Autoencoder> network,
      Autoencoder checked,
      int channels,
      long maxUntiledPixels,
      Lazy<LoadedAutoencoder> exact) {
    this.compute = compute;
    this.weights = weights;
    this.network = network;
    this.latentChannels = checked.latentChannels();
    this.factor = checked.vaeScaleFactor();
    this.channels = channels;
    this.maxUntiledPixels = maxUntiledPixels;
    this.exact = exact;
  }

  /** Opens an autoencoder of a known kind with the tensors of {@code files}. */
  public static LoadedAutoencoder open(
      AutoencoderKind kind,
      ModelConfig config,
      Function<Compute, LoadedWeights> files,
      Compute compute) {
    return open(kind, config, files, compute, MAX_UNTILED_PIXELS);
  }

  /**
   * Opens the {@code vae} of a model.
   *
   * @param kinds autoencoder classes in addition to those that all families share
   */
  public static LoadedAutoencoder open(
      ModelComponents files, Compute wanted, List<AutoencoderKind> kinds) {
    return open(
        AutoencoderKind.named(files.componentClass("vae"), kinds),
        files.config("vae"),
        on -> files.load("vae", on, BlockNames.NONE),
        wanted,
        files.isVaeTiled() ? 0 : MAX_UNTILED_PIXELS);
  }

  // With force_upcast in its config it runs in f32 instead of f16, as in diffusers.
  private static LoadedAutoencoder open(
      AutoencoderKind kind,
      ModelConfig config,
      Function<Compute, LoadedWeights> files,
      Compute wanted,
      long whole) {
    AutoencoderKind.Shape shape = kind.read().apply(config);
    boolean upcast = shape.forceUpcast() && wanted.dtype() == DType.F16;
    Compute compute = upcast ? wanted.withDtype(DType.F32) : wanted;
    LoadedWeights weights = files.apply(compute);
    try {
      Autoencoder[] checked = new Autoencoder[1];
      weights.check(
          tensors -> checked[0] = shape.network().apply(tensors, RowTiling.NONE), shape.ignored());
      return new LoadedAutoencoder(
          compute,
          weights,
          shape.network(),
          checked[0],
          shape.channels(),
          whole,
          compute.dtype() == DType.F32
              ? null
              : new Lazy<>(() -> open(kind, config, files, compute.withDtype(DType.F32), whole)));
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private Autoencoder network(long pixels) {
    return network.apply(
        Weights.of(weights), pixels > maxUntiledPixels ? new RowTiling(TILE_ROWS) : RowTiling.NONE);
  }

  @Override
  public int latentChannels() {
    return latentChannels;
  }

  @Override
  public int vaeScaleFactor() {
    return factor;
  }

  @Override
  public Tensor decode(Tensor latents) {
    return network(latents.size(2) * latents.size(3) * factor * factor)
        .decode(Tensors.place(compute, latents));
  }

  @Override
  public LatentDistribution encode(Tensor images) {
    return network(images.size(2) * images.size(3)).encode(Tensors.place(compute, images));
  }

  @Override
  public long decodingMemory(int width, int height) {
    int bytes = compute.dtype().bits() / Byte.SIZE;
    long area = (long) width * height;
    long own = weights.names().stream()
        .mapToLong(name -> Arrays.stream(weights.shape(name)).reduce(1, (a, b) -> a * b))
        .sum();
    return own * bytes + ForwardMemory.decoding(channels, area > maxUntiledPixels, bytes, area);
  }

  @Override
  public Autoencoder tiled() {
    return new LoadedAutoencoder(compute, weights, network, this, channels, 0, exact);
  }

  @Override
  public Autoencoder inF32() {
    return exact == null ? this : maxUntiledPixels == 0 ? exact.get().tiled() : exact.get();
  }

  public void load() {
    weights.load();
  }

  /** Frees the tensors; the next use loads them again. */
  public void release() {
    weights.release();
    if (exact != null) {
      exact.close();
    }
  }

  @Override
  public void close() {
    try (LoadedWeights mine = weights) {
      release();
    }
  }

  /**
   * A resource that is opened at its first use, and again at the first use after it was closed.
   * Thread-safe.
   */
  static final class Lazy<T extends AutoCloseable> implements AutoCloseable {
    private final Supplier<T> opener;
    private T value;

    Lazy(Supplier<T> opener) {
      this.opener = opener;
    }

    synchronized T get() {
      if (value == null) {
        value = opener.get();
      }
      return value;
    }

    @Override
    public synchronized void close() {
      try (T last = value) {
        value = null;
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(
            "a component of the model cannot be closed: " + e.getMessage(), e);
      }
    }
  }
}

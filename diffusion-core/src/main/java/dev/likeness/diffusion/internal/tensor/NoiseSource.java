package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.internal.natives.LibTorch;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Seeded Gaussian noise, one generator per image, so that an image's noise depends on its own seed
 * alone and not on its batch. Equal to Python's {@code torch.randn} with
 * {@code torch.Generator("cpu").manual_seed(seed)}: sampled on the CPU in f32. Single use, one
 * thread.
 */
public final class NoiseSource implements AutoCloseable {
  private final Generator[] generators;

  private NoiseSource(Generator[] generators) {
    this.generators = generators;
  }

  /** Creates a source in which image {@code i} of {@code count} uses the seed {@code seed + i}. */
  public static NoiseSource seeded(long seed, int count) {
    return seeded(LongStream.range(seed, seed + count).toArray());
  }

  /** Creates a source in which image {@code i} uses the seed {@code seeds[i]}. */
  public static NoiseSource seeded(long... seeds) {
    LibTorch.load();
    return new NoiseSource(IntStream.range(0, seeds.length)
        .mapToObj(i -> generator(seeds[i]))
        .toArray(Generator[]::new));
  }

  public int count() {
    return generators.length;
  }

  /**
   * Returns standard normal noise of shape [count, shape...], f32, CPU; owned by the calling scope.
   */
  public Tensor next(long... shape) {
    long[] one = new long[shape.length + 1];
    one[0] = 1;
    System.arraycopy(shape, 0, one, 1, shape.length);
    TensorVector images = new TensorVector();
    for (Generator generator : generators) {
      images.push_back(
          torch.randn(one, new GeneratorOptional(generator), new TensorOptions(ScalarType.Float)));
    }
    return torch.cat(images, 0);
  }

  @Override
  public void close() {
    for (Generator generator : generators) {
      generator.releaseReference();
    }
  }

  private static Generator generator(long seed) {
    Generator generator = torch.createCPUGenerator(seed);
    generator.retainReference();
    return generator;
  }
}

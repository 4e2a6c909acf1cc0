package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A component of a foreign file under its canonical names; views of the file wherever its form
 * allows.
 */
public final class RelaidSource extends CanonicalTensors implements TensorSource {
  private final TensorSource foreign;

  /** Takes over {@code foreign} and closes it with itself. */
  public RelaidSource(TensorSource foreign, KeyMapping layout) {
    super(foreign, layout);
    this.foreign = foreign;
  }

  @Override
  public Tensor read(String name) {
    Place place = place(name);
    try (TensorScope scope = TensorScope.open()) {
      Tensor stored = foreign.read(place.name());
      long rows = stored.dim() == 0 ? 0 : stored.size(0) / place.parts();
      Tensor part =
          place.parts() == 1 ? stored : stored.narrow(0, place.part() * rows, place.span() * rows);
      return scope.promote(
          switch (place.form()) {
            case TRANSPOSED -> part.t().contiguous();
            case HALVES_EXCHANGED -> part.roll(new long[] {part.size(0) / 2}, 0);
            case IDENTITY -> torch.eye(part.size(0)).to(part.scalar_type());
            case SAME, PIXELWISE -> part.view(shape(name));
          });
    }
  }

  @Override
  public void close() {
    foreign.close();
  }
}

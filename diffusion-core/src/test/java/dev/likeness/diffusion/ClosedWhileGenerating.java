package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.request.ImageRequest;

/**
 * Closes what a drawing goes by on another thread, which waits; the image is the same, and none is
 * drawn afterwards.
 */
public final class ClosedWhileGenerating {
  private ClosedWhileGenerating() {}

  public static void refuses(String closed, BaseModel base, ImageRequest request, Runnable close)
      throws InterruptedException {
    RgbImage alone = base.generate(request).image();
    Thread closing = new Thread(close);
    ImageRequest watched = request.hooks(EngineHooks.ofListener((step, of, x, denoised) -> {
      if (step.index() == 0) {
        closing.start();
        while (closing.isAlive() && closing.getState() != Thread.State.WAITING) {
          Thread.onSpinWait();
        }
        assertTrue(closing.isAlive(), "waits for the drawing");
        assertThrows(IllegalStateException.class, close::run);
      }
    }));
    assertEquals(alone, base.generate(watched).image());
    closing.join();
    assertEquals(
        closed + " is closed; open it again to generate with it",
        assertThrows(IllegalStateException.class, () -> base.generate(request)).getMessage());
  }
}

package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.schedulers.Step;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Hooks of a request on tensors, for other modules, tests and research.
 *
 * @param predictor wraps the base's network with guidance and caching
 * @param listener creates the listener of each batch, which is closed with the batch
 */
public record EngineHooks(UnaryOperator<Predictor> predictor, Supplier<StepListener> listener)
    implements GenerationHooks.Engine {
  /** No hooks. */
  public static final EngineHooks NONE =
      new EngineHooks(UnaryOperator.identity(), () -> StepListener.NONE);

  /** The engine hooks of a request. */
  public static EngineHooks of(GenerationHooks hooks) {
    return hooks.engine().map(EngineHooks.class::cast).orElse(NONE);
  }

  /** Hooks with a wrapper of the network, and one listener for all batches. */
  public static GenerationHooks hooks(UnaryOperator<Predictor> predictor, StepListener listener) {
    return GenerationHooks.NONE.engine(new EngineHooks(predictor, () -> listener));
  }

  /** Hooks with one listener for all batches. */
  public static GenerationHooks ofListener(StepListener listener) {
    return hooks(UnaryOperator.identity(), listener);
  }

  /** These hooks with another listener. */
  public EngineHooks withListener(Supplier<StepListener> other) {
    return new EngineHooks(predictor, other);
  }

  /**
   * Live previews of one batch: decodes denoised predictions on its own thread, in order.
   *
   * <p>Of the predictions that arrive meanwhile, only the newest is kept. The sampling loop waits
   * only at its end for the last preview, if it reached the last row.
   */
  public static final class PreviewListener implements StepListener {
    /**
     * Receives a row's denoised prediction, [batch, channels, h, w] in f32, on the preview thread.
     */
    @FunctionalInterface
    public interface Show {
      void show(int row, Tensor denoised);
    }

    private final StepListener delegate;
    private final int interval;
    private final Show show;
    private final Thread generatingThread = UsageLock.OWNER_THREAD.get();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
      Thread previews = new Thread(
          () -> {
            UsageLock.OWNER_THREAD.set(generatingThread);
            work.run();
          },
          "likeness-previews");
      previews.setDaemon(true);
      return previews;
    });
    private final AtomicReference<Ready> newest = new AtomicReference<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private boolean isComplete;

    /** A copy of a row's prediction, which lives until it is shown or replaced. */
    private record Ready(int row, Tensor denoised, TensorRegion owner) {}

    /**
     * Creates the listener of one batch.
     *
     * @param delegate receives each step too, on the sampling thread
     */
    public PreviewListener(StepListener delegate, int interval, Show show) {
      this.delegate = delegate;
      this.interval = interval;
      this.show = show;
    }

    @Override
    public void onStep(Step step, int of, Tensor latents, Tensor denoised) {
      delegate.onStep(step, of, latents, denoised);
      throwFailure();
      if (step.index() % interval == 0) {
        TensorRegion owner = new TensorRegion();
        if (!replace(new Ready(step.index() + 1, owner.keep(denoised.clone()), owner))) {
          thread.execute(this::showNewest);
        }
      }
      isComplete = step.index() + 1 == of;
    }

    /**
     * Returns true if a prediction was waiting. It is dropped; the thread takes the next one
     * instead.
     */
    private boolean replace(Ready next) {
      Ready older = newest.getAndSet(next);
      if (older != null) {
        older.owner().close();
      }
      return older != null;
    }

    private void showNewest() {
      Ready ready = newest.getAndSet(null);
      if (ready == null) {
        return;
      }
      try (TensorRegion owner = ready.owner()) {
        show.show(ready.row(), ready.denoised());
      } catch (Throwable e) {
        failure.compareAndSet(null, e);
      }
    }

    private void throwFailure() {
      Throwable e = failure.getAndSet(null);
      if (e instanceof Error error) {
        throw error;
      } else if (e != null) {
        throw (RuntimeException) e;
      }
    }

    /**
     * Shows the last prediction if sampling reached the last row, and throws the preview thread's
     * failure.
     */
    @Override
    public void close() {
      if (!isComplete) {
        replace(null);
      }
      thread.shutdown();
      boolean interrupted = false;
      while (!thread.isTerminated()) {
        try {
          thread.awaitTermination(1, TimeUnit.DAYS);
        } catch (InterruptedException e) {
          // The preview thread reads weights that the caller may free afterwards: wait in any case.
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      delegate.close();
      throwFailure();
    }
  }
}

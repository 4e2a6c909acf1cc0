package dev.likeness.diffusion.internal.nn;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The equal parts that a network is a chain of: all in memory, or each brought in while the one
 * before computes and freed after its use. Immutable and shared by threads; each {@link Pass} is
 * one thread's.
 *
 * @param <B> a block
 */
public final class BlockList<B> {
  private static final ExecutorService BRINGING = Executors.newCachedThreadPool(task -> {
    Thread thread = new Thread(task, "likeness-blocks");
    thread.setDaemon(true);
    return thread;
  });

  private final Weights list;
  private final int count;
  private final BiFunction<Weights, Integer, B> build;
  private final List<B> resident;

  private BlockList(Weights list, int count, BiFunction<Weights, Integer, B> build) {
    this.list = list;
    this.count = count;
    this.build = build;
    resident = list.streams()
        ? null
        : IntStream.range(0, count).mapToObj(i -> build.apply(list.at(i), i)).toList();
  }

  /**
   * The blocks {@code 0} to {@code count - 1} of a list of modules, each built of its weights and
   * its number.
   */
  public static <B> BlockList<B> of(
      Weights list, int count, BiFunction<Weights, Integer, B> build) {
    return new BlockList<>(list, count, build);
  }

  /** One way through all blocks. */
  public Pass<B> pass() {
    return pass(i -> true);
  }

  /** One way through the blocks whose numbers are {@code wanted}. */
  public Pass<B> pass(IntPredicate wanted) {
    return new Pass<>(this, IntStream.range(0, count).filter(wanted).iterator());
  }

  /** One way through the blocks, first to last; close it when done, or when given up. */
  public static final class Pass<B> implements AutoCloseable {
    private final BlockList<B> blocks;
    private final Iterator<Integer> order;
    private CompletableFuture<Parameters.Block> coming;
    private int comingNumber = -1;
    private Parameters.Block here;

    private Pass(BlockList<B> blocks, Iterator<Integer> order) {
      this.blocks = blocks;
      this.order = order;
      bring();
    }

    /** Whether there is another block. */
    public boolean hasNext() {
      return comingNumber >= 0;
    }

    /**
     * The next block, valid until the one after it is asked for; what it is built with belongs to
     * the calling scope.
     */
    public B next() {
      int number = comingNumber;
      if (blocks.resident != null) {
        bring();
        return blocks.resident.get(number);
      }
      leave();
      here = arrived();
      bring();
      return blocks.build.apply(blocks.list.of(here).at(number), number);
    }

    private void bring() {
      comingNumber = order.hasNext() ? order.next() : -1;
      coming = null;
      if (comingNumber >= 0 && blocks.resident == null) {
        Parameters.Block portion = blocks.list.at(comingNumber).portion();
        coming = CompletableFuture.supplyAsync(() -> loaded(portion), BRINGING);
      }
    }

    private static Parameters.Block loaded(Parameters.Block portion) {
      try {
        portion.load();
        return portion;
      } catch (RuntimeException | Error e) {
        portion.close();
        throw e;
      }
    }

    private Parameters.Block arrived() {
      try {
        return coming.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new IllegalStateException(e.getCause());
      } finally {
        coming = null;
      }
    }

    private void leave() {
      if (here != null) {
        here.close();
        here = null;
      }
    }

    @Override
    public void close() {
      leave();
      if (coming != null) {
        coming
            .handle((portion, failure) -> {
              if (portion != null) {
                portion.close();
              }
              return null;
            })
            .join();
        coming = null;
      }
    }
  }
}

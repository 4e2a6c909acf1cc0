package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.BlockAddition;
import java.util.ArrayList;
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
 * The chain of equal blocks of a network. All blocks stay in memory, or they are streamed: each is
 * loaded while the one before computes, and freed after use. Immutable and thread-safe; a
 * {@link Pass} is for one thread.
 *
 * @param <B> type of a block
 */
public final class BlockList<B> {
  private static final ExecutorService PREFETCHER = Executors.newCachedThreadPool(task -> {
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
    resident = list.isStreamed()
        ? null
        : IntStream.range(0, count).mapToObj(i -> build.apply(list.at(i), i)).toList();
  }

  /**
   * Creates the blocks {@code 0} to {@code count - 1} of a list of modules; each is built from its
   * weights and its index.
   */
  public static <B> BlockList<B> of(
      Weights list, int count, BiFunction<Weights, Integer, B> build) {
    return new BlockList<>(list, count, build);
  }

  /** Returns the additions of adapters behind a block. */
  public List<BlockAddition> additionsBehind(int block) {
    return list.at(block).additionsBehind();
  }

  /** Starts a pass through all blocks. */
  public Pass<B> pass() {
    return pass(i -> true);
  }

  /** Starts a pass through the blocks whose index is {@code wanted}. */
  public Pass<B> pass(IntPredicate wanted) {
    return new Pass<>(this, IntStream.range(0, count).filter(wanted).iterator());
  }

  /** A pass through the blocks, first to last. Close it at the end, also after an error. */
  public static final class Pass<B> implements AutoCloseable {
    private final BlockList<B> blocks;
    private final Iterator<Integer> order;
    private CompletableFuture<Parameters.Block> prefetched;
    private int prefetchedIndex = -1;
    private Parameters.Block current;
    private final List<Parameters.Block> used = new ArrayList<>();

    private Pass(BlockList<B> blocks, Iterator<Integer> order) {
      if (blocks.resident == null && SegmentRunner.current() != SegmentRunner.PLAIN) {
        throw new IllegalArgumentException(
            "gradient checkpointing needs the network's weights in memory, but this base streams"
                + " them; turn gradient checkpointing off, or open the base with more memory");
      }
      this.blocks = blocks;
      this.order = order;
      prefetch();
    }

    /** Returns true if there is another block. */
    public boolean hasNext() {
      return prefetchedIndex >= 0;
    }

    /**
     * Returns the next block, valid until the next call; tensors of its construction belong to the
     * calling scope.
     */
    public B next() {
      int number = prefetchedIndex;
      if (blocks.resident != null) {
        prefetch();
        return blocks.resident.get(number);
      }
      endUse();
      current = awaitPrefetched();
      prefetch();
      return blocks.build.apply(blocks.list.of(current).at(number), number);
    }

    private void prefetch() {
      prefetchedIndex = order.hasNext() ? order.next() : -1;
      prefetched = null;
      if (prefetchedIndex >= 0 && blocks.resident == null) {
        Parameters.Block portion = blocks.list.at(prefetchedIndex).block();
        List<Parameters.Block> before = List.copyOf(used);
        used.clear();
        prefetched = CompletableFuture.supplyAsync(() -> load(portion, before), PREFETCHER);
      }
    }

    /** Loads a block after used ones are freed, so that only two are in memory. */
    private static Parameters.Block load(Parameters.Block portion, List<Parameters.Block> before) {
      try {
        before.forEach(Parameters.Block::close);
        portion.load();
        return portion;
      } catch (RuntimeException | Error e) {
        portion.close();
        throw e;
      }
    }

    private Parameters.Block awaitPrefetched() {
      try {
        return prefetched.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof RuntimeException cause
            ? cause
            : new IllegalStateException(e.getCause());
      } finally {
        prefetched = null;
      }
    }

    private void endUse() {
      if (current != null) {
        Parameters.Block last = current;
        current = null;
        used.add(last);
        last.endUse();
      }
    }

    @Override
    public void close() {
      CompletableFuture<Parameters.Block> coming = prefetched;
      prefetched = null;
      try {
        endUse();
      } finally {
        used.forEach(Parameters.Block::close);
        used.clear();
        if (coming != null) {
          coming
              .handle((portion, failure) -> {
                if (portion != null) {
                  portion.close();
                }
                return null;
              })
              .join();
        }
      }
    }
  }
}

package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.F8Linear;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** How a network's tensors are kept in memory. */
public enum WeightResidence {
  /**
   * Views of the mapped file for tensors that need no conversion. The system can free their pages.
   */
  MAPPED("mapped"),
  /** All tensors in memory of their own. */
  RESIDENT("loaded"),
  /**
   * Matrices of blocks in 8 bits with a scale for each row; each block is dequantised when it is
   * used.
   */
  INT8_BLOCKS("loaded in 8 bits"),
  /** Large matrices in 8 bits with a scale for each row; each is dequantised at each use. */
  INT8_MATRICES("loaded in 8 bits"),
  /** Tensors in memory of their own; matrices of linear layers are multiplied in 8 bits. */
  INT8_MATMUL("loaded and multiplied in 8 bits"),
  /** Matrices that the file stores in f8 stay in f8; each is widened at each use. */
  F8_MATRICES("kept in f8"),
  /** Matrices that the file stores in f8 stay in f8, and linear layers multiply in f8. */
  F8_MATMUL("kept and multiplied in f8"),
  /** Blocks are streamed, and their matrices are in f8 as with {@link #F8_MATMUL}. */
  F8_STREAMED("streamed block by block and multiplied in f8"),
  /** Blocks are read from the file when they are used, one block ahead, and freed afterwards. */
  STREAMED("streamed block by block");

  private final String description;

  WeightResidence(String description) {
    this.description = description;
  }

  /** Returns true if blocks are loaded at each use, every time at another address. */
  boolean isStreamed() {
    return isReadBlockwise() || this == INT8_BLOCKS;
  }

  /** Returns true if the file is read again at each use of a block. */
  boolean isReadBlockwise() {
    return this == STREAMED || this == F8_STREAMED;
  }

  /** Returns true if linear layers multiply in f8 where the file stores f8. */
  public boolean multipliesF8() {
    return this == F8_MATMUL || this == F8_STREAMED;
  }

  /** Returns true if matrices are stored in less memory than the type that layers compute in. */
  boolean isCompressed() {
    return isStreamed() || this == INT8_MATRICES || this == F8_MATRICES || this == F8_MATMUL;
  }

  /** Returns the words for a printed memory plan. */
  public String description() {
    return description;
  }

  /**
   * How weights are stored for layers that keep no packed form of them, as in training.
   *
   * @param names the tensors of the file
   * @param blocks the blocks of the network
   * @param isCalibrated true if a calibration tells the ranges of inputs for products in 8 bits
   * @param isLarge true if packed forms of all weights would take too much memory
   * @param inF8 the weights that are {@link F8Linear.Matrix matrices in f8} in memory
   */
  public record UnpackedForm(
      WeightResidence residence,
      TensorNames names,
      BlockNames blocks,
      boolean isCalibrated,
      Compute compute,
      boolean isLarge,
      Set<String> inF8) {
    private static final int F32 = 4;

    /**
     * The bytes of gaps that glibc keeps between weights in 8 bits, for each value of the largest.
     * Measured: 13 for FLUX.2 klein, 5 for Z-Image.
     */
    private static final int GAPS = 12;

    /** The number of values in a weight from which a layer's own packed form pays. */
    private static final long LARGE = 1 << 16;

    /**
     * The largest number of values in a mapped network whose packed forms may all be copied to
     * memory.
     */
    private static final long MAX_COPIED = 3L << 30;

    /**
     * Lists how the tensors of a file are stored.
     *
     * @throws InvalidInputException if products in f8 are wanted and the file has no weight in f8;
     *     the file is then closed
     */
    static UnpackedForm of(
        WeightResidence residence,
        TensorSource names,
        BlockNames blocks,
        boolean isCalibrated,
        Compute compute) {
      long values = names.names().stream().mapToLong(names::elements).sum();
      Set<String> inF8 = names.names().stream()
          .filter(name -> (residence.multipliesF8() || residence == F8_MATRICES)
              && F8Linear.isStoredIn(names, name))
          .collect(Collectors.toUnmodifiableSet());
      if (residence.multipliesF8() && inF8.isEmpty()) {
        names.close();
        throw new InvalidInputException(names.describe()
            + ": 8-bit matrix products on a GPU need matrices in F8_E4M3, but the file has none;"
            + " give a file with such weights, or turn 8-bit matrix products off");
      }
      return new UnpackedForm(
          residence, names, blocks, isCalibrated, compute, values > MAX_COPIED, inF8);
    }

    /** Returns true if a tensor is a view of the mapped file. */
    boolean isView(String name) {
      return residence == MAPPED && compute.isCpu() && names.dtype(name) == compute.dtype();
    }

    /**
     * Returns true if a layer may keep its own packed form of a weight. Matrices of a large mapped
     * network stay views, so that the system can free their pages if memory is short.
     */
    boolean keepsForms(String name) {
      int dimensions = names.shape(name).length;
      return compute.isCpu()
          && names.elements(name) >= LARGE
          && (dimensions > 2 || dimensions == 2 && !(isLarge && isView(name)));
    }

    private int width() {
      return compute.dtype().bits() / Byte.SIZE;
    }

    /** Returns true if a weight is computed at each use, from fewer bytes or from the file. */
    boolean isReadAtUse(String name) {
      return isQuantized(name)
          || inF8.contains(name)
          || names.shape(name).length > 1
              && switch (residence) {
                case STREAMED, F8_STREAMED -> blocks.contains(name);
                // A GPU would wait for the transfer at every use.
                case MAPPED -> compute.isCpu() && isQuantizedInFile(name);
                default -> false;
              };
    }

    /** Returns true if a weight stays in memory in f8, and is not read again for each block. */
    boolean isKeptInF8(String name) {
      return inF8.contains(name) && !(residence == F8_STREAMED && blocks.contains(name));
    }

    /** Returns true if a weight is in f8 while its block is in memory. */
    boolean isStreamedInF8(String name) {
      return residence == F8_STREAMED && inF8.contains(name);
    }

    /** Returns the layer's weight for a matrix in f8. */
    F8Linear.Weight f8Weight(long[] shape, Supplier<F8Linear.Matrix> matrix) {
      return new F8Linear.Weight(shape, matrix, Tensors.scalarType(compute.dtype()));
    }

    /** Returns true if a tensor may be such a matrix. */
    boolean isCompressed(String name) {
      return residence.isStreamed()
          || inF8.contains(name)
          || residence == INT8_MATRICES && Int8Weight.isWorthwhile(names.shape(name));
    }

    /** Returns true if a weight is kept as an {@link Int8Weight}. */
    boolean isQuantized(String name) {
      long[] shape = names.shape(name);
      return switch (residence) {
        case INT8_BLOCKS -> shape.length > 1 && blocks.contains(name);
        case INT8_MATRICES, INT8_MATMUL -> Int8Weight.isWorthwhile(shape);
        case MAPPED, RESIDENT, F8_MATRICES, F8_MATMUL, F8_STREAMED, STREAMED -> false;
      };
    }

    /** Returns true if the file stores a tensor in about a byte for each value, or less. */
    private boolean isQuantizedInFile(String name) {
      return 2 * names.storedBytes(name) < 3 * names.elements(name);
    }

    /** Returns the bytes in memory while a generation computes with packed or streamed weights. */
    public long loadedBytes() {
      return ComponentSize.of(names, blocks, isCalibrated).bytes(residence, width(), true);
    }

    /**
     * Returns the bytes of all tensors, and of the largest weight that is computed at its use.
     *
     * @param generates true if generations stream blocks too
     */
    public long bytes(boolean generates) {
      long largest = names.names().stream()
          .filter(this::isReadAtUse)
          .mapToLong(name -> names.elements(name)
              * (width() + (isQuantizedInFile(name) ? F32 : 0) + gapBytes(name)))
          .max()
          .orElse(0);
      long bytes = largest + names.names().stream().mapToLong(this::keptBytes).sum();
      return Math.max(bytes, generates && residence.isStreamed() ? loadedBytes() : 0);
    }

    // A GPU's allocator is not glibc's.
    private int gapBytes(String name) {
      return compute.isCpu() && isQuantized(name) ? GAPS : 0;
    }

    private long keptBytes(String name) {
      long values = names.elements(name);
      if (isKeptInF8(name)) {
        return values;
      }
      if (isQuantized(name)) {
        return values + F32 * names.shape(name)[0];
      }
      return !isReadAtUse(name)
          ? values * width()
          : residence.isReadBlockwise() ? 0 : names.storedBytes(name);
    }
  }
}

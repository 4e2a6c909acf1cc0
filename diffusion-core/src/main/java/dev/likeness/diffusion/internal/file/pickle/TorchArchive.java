package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.pickle.ZipEntries.ByteRange;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The content of a PyTorch file: the saved object and the position of each storage.
 *
 * @param root the object that was saved
 * @param storages the byte range of each storage, by key
 */
record TorchArchive(Object root, Map<String, ByteRange> storages) {
  /** {@code MAGIC_NUMBER} of {@code torch/serialization.py}. */
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  private static final long PROTOCOL = 1001;

  /** Reads the current form: a zip file with one pickle and one entry for each storage. */
  static TorchArchive fromZip(FileChannel channel, String source, long length) {
    Map<String, ByteRange> entries = ZipEntries.read(channel, source, length);
    List<String> pickles = entries.keySet().stream()
        .filter(name -> name.matches("([^/]+/)?data\\.pkl"))
        .toList();
    if (pickles.size() != 1) {
      throw new InvalidInputException(
          source + " is a zip file but not a PyTorch file: expected one data.pkl, found "
              + pickles.size() + "; give a .safetensors, .ckpt, .pt or .bin file");
    }
    String folder = pickles.get(0).substring(0, pickles.get(0).length() - "data.pkl".length());
    refusePrograms(source, entries, folder);
    checkByteOrder(channel, source, entries.get(folder + "byteorder"));
    ByteRange pickle = entries.get(pickles.get(0));
    Object root = new Unpickler(
            new PickleInput(channel, source, pickle.start(), pickle.end()), source)
        .load();
    Map<String, ByteRange> storages = new LinkedHashMap<>();
    String data = folder + "data/";
    entries.forEach((name, stretch) -> {
      if (name.startsWith(data)) {
        storages.put(name.substring(data.length()), stretch);
      }
    });
    return new TorchArchive(root, storages);
  }

  private static void refusePrograms(String source, Map<String, ByteRange> entries, String folder) {
    boolean code = entries.keySet().stream().anyMatch(name -> name.startsWith(folder + "code/"));
    if (code || entries.containsKey(folder + "constants.pkl")) {
      throw new InvalidInputException(source
          + " is a TorchScript program, which is never run; ask for its weights as safetensors");
    }
  }

  private static void checkByteOrder(FileChannel channel, String source, ByteRange entry) {
    if (entry != null) {
      String order =
          new PickleInput(channel, source, entry.start(), entry.end()).utf8(entry.length());
      if (!order.equals("little")) {
        throw otherByteOrder(source);
      }
    }
  }

  private static InvalidInputException otherByteOrder(String source) {
    return new InvalidInputException(source
        + " was saved on a machine with another byte order; convert it to safetensors on that"
        + " machine");
  }

  /** Reads the form before PyTorch 1.6: several pickles, then the storages. */
  static TorchArchive fromStream(FileChannel channel, String source, long length) {
    PickleInput in = new PickleInput(channel, source, 0, length);
    if (!MAGIC.equals(new Unpickler(in, source).load())) {
      throw new InvalidInputException(source
          + " is a pickle but not a PyTorch file; give a .safetensors, .ckpt, .pt or .bin file");
    }
    if (!Long.valueOf(PROTOCOL).equals(new Unpickler(in, source).load())) {
      throw in.broken("has a protocol other than " + PROTOCOL);
    }
    Object system = new Unpickler(in, source).load();
    if (system instanceof Map<?, ?> facts && Boolean.FALSE.equals(facts.get("little_endian"))) {
      throw otherByteOrder(source);
    }
    Unpickler objects = new Unpickler(in, source);
    Object root = objects.load();
    Object keys = new Unpickler(in, source).load();
    return new TorchArchive(root, storages(in, objects.storages(), keys));
  }

  private static Map<String, ByteRange> storages(
      PickleInput in, Map<String, TensorRef.Storage> known, Object keys) {
    Map<String, ByteRange> storages = new LinkedHashMap<>();
    if (!(keys instanceof List<?> list)) {
      throw in.broken("has no list of storages");
    }
    for (Object key : list) {
      TensorRef.Storage storage = key instanceof String name ? known.get(name) : null;
      if (storage == null || in.i64() != storage.elements()) {
        throw in.broken("has a storage that no tensor uses, or a storage of the wrong size");
      }
      storages.put(storage.key(), new ByteRange(in.position(), storage.bytes()));
      in.skip(storage.bytes());
    }
    if (in.remaining() > 0) {
      throw in.broken("goes on after its last storage");
    }
    return storages;
  }
}

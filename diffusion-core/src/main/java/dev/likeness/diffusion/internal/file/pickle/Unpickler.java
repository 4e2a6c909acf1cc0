package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.pickle.PickleAllowList.Allowed;
import dev.likeness.diffusion.internal.file.pickle.PickleAllowList.Callable;
import dev.likeness.diffusion.internal.file.pickle.PickleAllowList.StorageType;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Python's pickle machine, restricted to instructions that make data: numbers, texts, lists, tuples
 * (as immutable lists), dictionaries, storages and tensors. Other known objects become empty
 * placeholders. Code that a file names is never run.
 */
final class Unpickler {
  private static final Object MARK = new Object();
  private static final int MAX_OBJECTS = 1_000_000;
  private static final int MAX_NAME = 256;

  private final PickleInput in;
  private final String source;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();
  private final Map<String, TensorRef.Storage> storages = new LinkedHashMap<>();
  private int pushed;
  private long at;

  Unpickler(PickleInput in, String source) {
    this.in = in;
    this.source = source;
  }

  /** Interprets the instructions up to {@code STOP}; returns the top of the stack. */
  Object load() {
    while (true) {
      at = in.position();
      int code = in.u8();
      Opcode opcode = Opcode.of(code);
      if (opcode == Opcode.STOP) {
        return pop();
      }
      if (opcode == null) {
        throw refused("the instruction " + code + " is unknown");
      }
      execute(opcode);
    }
  }

  /** Returns the storages in the pickle, by key. */
  Map<String, TensorRef.Storage> storages() {
    return storages;
  }

  private void execute(Opcode opcode) {
    switch (opcode) {
      case PROTO -> in.u8();
      case FRAME -> in.i64();
      case NONE -> push(null);
      case NEWTRUE -> push(true);
      case NEWFALSE -> push(false);
      case BININT -> push((long) in.i32());
      case BININT1 -> push((long) in.u8());
      case BININT2 -> push((long) in.u16());
      case LONG1 -> push(narrowed(in.integer(in.u8())));
      case BINFLOAT -> push(in.bigEndianDouble());
      case BINUNICODE -> push(in.utf8(in.u32()));
      case SHORT_BINUNICODE -> push(in.utf8(in.u8()));
      case SHORT_BINSTRING -> push(new String(in.bytes(in.u8()), StandardCharsets.ISO_8859_1));
      case MARK -> push(MARK);
      case EMPTY_TUPLE -> push(List.of());
      case EMPTY_LIST -> push(new ArrayList<>());
      case EMPTY_DICT -> push(new LinkedHashMap<>());
      case TUPLE -> push(Collections.unmodifiableList(popToMark()));
      case TUPLE1 -> push(Collections.unmodifiableList(pop(1)));
      case TUPLE2 -> push(Collections.unmodifiableList(pop(2)));
      case TUPLE3 -> push(Collections.unmodifiableList(pop(3)));
      case APPEND -> append(pop(1));
      case APPENDS -> append(popToMark());
      case SETITEM -> set(pop(2));
      case SETITEMS -> set(popToMark());
      case BINPUT -> memoize(in.u8());
      case LONG_BINPUT -> memoize(in.u32());
      case MEMOIZE -> memoize(memo.size());
      case BINGET -> push(memoized(in.u8()));
      case LONG_BINGET -> push(memoized(in.u32()));
      case GLOBAL -> push(global(in.line(MAX_NAME), in.line(MAX_NAME)));
      case STACK_GLOBAL -> push(stackGlobal(pop(2)));
      case REDUCE, NEWOBJ -> push(call(opcode, pop(2)));
      case BUILD -> build(pop());
      case BINPERSID -> push(storage(pop()));
      default ->
        throw refused("the instruction " + opcode + " can make more than tensors and plain data");
    }
  }

  private Allowed global(String module, String name) {
    Allowed allowed = PickleAllowList.find(module, name);
    if (allowed == null) {
      throw refused("the name " + Quoted.of(module + "." + name) + " is not needed for tensors");
    }
    return allowed;
  }

  private Allowed stackGlobal(List<Object> names) {
    if (names.get(0) instanceof String module
        && names.get(1) instanceof String name
        && module.length() <= MAX_NAME
        && name.length() <= MAX_NAME) {
      return global(module, name);
    }
    throw refused("STACK_GLOBAL does not find two names");
  }

  private Object call(Opcode opcode, List<Object> call) {
    boolean known = call.get(0) instanceof Callable && call.get(1) instanceof List;
    Object result =
        known ? PickleAllowList.call((Callable) call.get(0), (List<?>) call.get(1)) : null;
    if (result == null) {
      throw refused(opcode + " makes something other than PyTorch's tensors and dictionaries");
    }
    if (result instanceof TensorRef tensor && !tensor.isValid()) {
      throw refused("a tensor " + tensor + " does not fit its storage of "
          + tensor.storage().elements() + " elements");
    }
    return result;
  }

  // A parameter dictionary has its parameters among its attributes. The attributes of a state
  // dictionary have no tensors.
  @SuppressWarnings("unchecked")
  private void build(Object state) {
    if (top() == Callable.FOREIGN) {
      return;
    }
    if (!(top() instanceof Map) || !(state instanceof Map<?, ?> attributes)) {
      throw refused("BUILD changes something that is not a dictionary");
    }
    if (attributes.get("_parameters") instanceof Map<?, ?> parameters) {
      count(parameters.size());
      ((Map<Object, Object>) top()).putAll(parameters);
    }
  }

  private TensorRef.Storage storage(Object id) {
    if (id instanceof List<?> parts
        && parts.size() >= 5
        && "storage".equals(parts.get(0))
        && parts.get(1) instanceof StorageType type
        && parts.get(2) instanceof String key
        && parts.get(4) instanceof Long elements
        && elements >= 0
        && elements <= Long.MAX_VALUE / 8
        && (parts.size() == 5 || parts.size() == 6 && parts.get(5) == null)) {
      TensorRef.Storage storage = new TensorRef.Storage(key, type.dtype(), elements);
      if (!storage.equals(storages.computeIfAbsent(key, k -> storage))) {
        throw refused("BINPERSID describes one storage in two ways");
      }
      return storage;
    }
    throw refused("BINPERSID names something other than a whole storage");
  }

  @SuppressWarnings("unchecked")
  private void append(List<Object> values) {
    if (!(top() instanceof ArrayList)) {
      throw refused("APPEND finds no list");
    }
    ((List<Object>) top()).addAll(values);
  }

  @SuppressWarnings("unchecked")
  private void set(List<Object> items) {
    if (!(top() instanceof Map) || items.size() % 2 != 0) {
      throw refused("SETITEM finds no dictionary");
    }
    for (int i = 0; i < items.size(); i += 2) {
      if (!PickleAllowList.isKey(items.get(i))) {
        throw refused("a dictionary has a key that is neither text nor number");
      }
      ((Map<Object, Object>) top()).put(items.get(i), items.get(i + 1));
    }
  }

  private Object narrowed(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private void memoize(long index) {
    memo.put(index, top());
    if (memo.size() > MAX_OBJECTS) {
      throw refused("the memo has more than " + MAX_OBJECTS + " objects");
    }
  }

  private Object memoized(long index) {
    if (!memo.containsKey(index)) {
      throw refused("the memo has no object " + index);
    }
    return memo.get(index);
  }

  private void push(Object value) {
    count(1);
    stack.add(value);
  }

  private void count(int objects) {
    pushed += objects;
    if (pushed > MAX_OBJECTS) {
      throw refused("more than " + MAX_OBJECTS + " objects are put on the stack");
    }
  }

  private Object top() {
    if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
      throw refused("an instruction finds nothing on the stack");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private List<Object> pop(int count) {
    List<Object> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      values.add(0, pop());
    }
    return values;
  }

  private List<Object> popToMark() {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw refused("an instruction finds no mark on the stack");
    }
    List<Object> values = new ArrayList<>(stack.subList(mark + 1, stack.size()));
    stack.subList(mark, stack.size()).clear();
    return values;
  }

  private InvalidInputException refused(String why) {
    return new InvalidInputException(source + " at byte " + at + ": " + why
        + "; the file was not loaded: ask for a safetensors file, or convert it in a sandbox");
  }
}

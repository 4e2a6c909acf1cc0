/**
 * Reference images and their embeddings, as values that can be kept.
 *
 * <p>A {@link Reference} is an image, a face embedding, or both, with a weight.
 * {@link ReferenceEmbeddings} are encoded references. They can be saved and used again without
 * photos and image encoder. They are biometric data. An {@link EmbeddingOrigin} names the networks
 * that made embeddings: image encoder and face embedder. An adapter refuses embeddings of other
 * networks.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best());
 *     IpAdapter adapter = IpAdapter.open(Path.of("ip-adapter.safetensors"), base)) {
 *   ReferenceEmbeddings ada = ReferenceEmbeddings.open(Path.of("ada.safetensors"));
 *   base.generate(ImageRequest.of("portrait").adapter(adapter.prompt(ada).at(0.7)));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.ipadapter.reference;

import org.jspecify.annotations.NullMarked;

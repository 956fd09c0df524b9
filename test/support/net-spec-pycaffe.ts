/** What pycaffe's own net_spec gives for its examples and tests, a layer a line: printed by it, with protobuf's text_format. */
export const PYCAFFE = {
  lenet: `
layer { name: "data" type: "DummyData" top: "data" top: "label" transform_param { scale: 0.003921569 } dummy_data_param { shape { dim: 50 dim: 1 dim: 28 dim: 28 } shape { dim: 50 dim: 1 dim: 1 dim: 1 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
`,
  anonymousLenet: `
layer { name: "DummyData1" type: "DummyData" top: "DummyData1" top: "DummyData2" transform_param { scale: 0.003921569 } dummy_data_param { shape { dim: 50 dim: 1 dim: 28 dim: 28 } shape { dim: 50 dim: 1 dim: 1 dim: 1 } } }
layer { name: "Convolution1" type: "Convolution" bottom: "DummyData1" top: "Convolution1" convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "Pooling1" type: "Pooling" bottom: "Convolution1" top: "Pooling1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "Convolution2" type: "Convolution" bottom: "Pooling1" top: "Convolution2" convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "Pooling2" type: "Pooling" bottom: "Convolution2" top: "Pooling2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "InnerProduct1" type: "InnerProduct" bottom: "Pooling2" top: "InnerProduct1" inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
layer { name: "ReLU1" type: "ReLU" bottom: "InnerProduct1" top: "InnerProduct1" }
layer { name: "InnerProduct2" type: "InnerProduct" bottom: "InnerProduct1" top: "InnerProduct2" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "SoftmaxWithLoss1" type: "SoftmaxWithLoss" bottom: "InnerProduct2" bottom: "DummyData2" top: "SoftmaxWithLoss1" }
`,
  silentNet: `
layer { name: "data" type: "DummyData" top: "data" top: "data2" dummy_data_param { shape { dim: 3 } } }
layer { name: "silence_data" type: "Silence" bottom: "data" }
layer { name: "silence_data2" type: "Silence" bottom: "data2" }
`,
  learningLenet: `
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.003921569 } data_param { source: "mnist/mnist_train_lmdb" batch_size: 64 backend: LMDB } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "fc1" type: "InnerProduct" bottom: "pool2" top: "fc1" inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "fc1" top: "fc1" }
layer { name: "score" type: "InnerProduct" bottom: "fc1" top: "score" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }
`,
  caffenet: `
layer { name: "Data1" type: "Data" top: "Data1" top: "Data2" transform_param { mirror: true crop_size: 227 mean_value: 104.0 mean_value: 117.0 mean_value: 123.0 } data_param { source: "/path/to/caffe-val-lmdb" batch_size: 50 backend: LMDB } }
layer { name: "Convolution1" type: "Convolution" bottom: "Data1" top: "Convolution1" convolution_param { num_output: 96 pad: 0 kernel_size: 11 group: 1 stride: 4 } }
layer { name: "ReLU1" type: "ReLU" bottom: "Convolution1" top: "Convolution1" }
layer { name: "Pooling1" type: "Pooling" bottom: "Convolution1" top: "Pooling1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "LRN1" type: "LRN" bottom: "Pooling1" top: "LRN1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "Convolution2" type: "Convolution" bottom: "LRN1" top: "Convolution2" convolution_param { num_output: 256 pad: 2 kernel_size: 5 group: 2 stride: 1 } }
layer { name: "ReLU2" type: "ReLU" bottom: "Convolution2" top: "Convolution2" }
layer { name: "Pooling2" type: "Pooling" bottom: "Convolution2" top: "Pooling2" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "LRN2" type: "LRN" bottom: "Pooling2" top: "LRN2" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "Convolution3" type: "Convolution" bottom: "LRN2" top: "Convolution3" convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 1 stride: 1 } }
layer { name: "ReLU3" type: "ReLU" bottom: "Convolution3" top: "Convolution3" }
layer { name: "Convolution4" type: "Convolution" bottom: "Convolution3" top: "Convolution4" convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 2 stride: 1 } }
layer { name: "ReLU4" type: "ReLU" bottom: "Convolution4" top: "Convolution4" }
layer { name: "Convolution5" type: "Convolution" bottom: "Convolution4" top: "Convolution5" convolution_param { num_output: 256 pad: 1 kernel_size: 3 group: 2 stride: 1 } }
layer { name: "ReLU5" type: "ReLU" bottom: "Convolution5" top: "Convolution5" }
layer { name: "Pooling3" type: "Pooling" bottom: "Convolution5" top: "Pooling3" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "InnerProduct1" type: "InnerProduct" bottom: "Pooling3" top: "InnerProduct1" inner_product_param { num_output: 4096 } }
layer { name: "ReLU6" type: "ReLU" bottom: "InnerProduct1" top: "InnerProduct1" }
layer { name: "Dropout1" type: "Dropout" bottom: "InnerProduct1" top: "InnerProduct1" }
layer { name: "InnerProduct2" type: "InnerProduct" bottom: "InnerProduct1" top: "InnerProduct2" inner_product_param { num_output: 4096 } }
layer { name: "ReLU7" type: "ReLU" bottom: "InnerProduct2" top: "InnerProduct2" }
layer { name: "Dropout2" type: "Dropout" bottom: "InnerProduct2" top: "InnerProduct2" }
layer { name: "InnerProduct3" type: "InnerProduct" bottom: "InnerProduct2" top: "InnerProduct3" inner_product_param { num_output: 1000 } }
layer { name: "SoftmaxWithLoss1" type: "SoftmaxWithLoss" bottom: "InnerProduct3" bottom: "Data2" top: "SoftmaxWithLoss1" }
layer { name: "Accuracy1" type: "Accuracy" bottom: "InnerProduct3" bottom: "Data2" top: "Accuracy1" }
`,
  styleNet: `
layer { name: "data" type: "ImageData" top: "data" top: "label" transform_param { mirror: true crop_size: 227 mean_file: "../data/ilsvrc12/imagenet_mean.binaryproto" } image_data_param { source: "../data/flickr_style/train.txt" batch_size: 50 new_height: 256 new_width: 256 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 96 pad: 0 kernel_size: 11 group: 1 stride: 4 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm1" type: "LRN" bottom: "pool1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "conv2" type: "Convolution" bottom: "norm1" top: "conv2" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 256 pad: 2 kernel_size: 5 group: 2 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm2" type: "LRN" bottom: "pool2" top: "norm2" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "conv3" type: "Convolution" bottom: "norm2" top: "conv3" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 1 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu3" type: "ReLU" bottom: "conv3" top: "conv3" }
layer { name: "conv4" type: "Convolution" bottom: "conv3" top: "conv4" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 2 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu4" type: "ReLU" bottom: "conv4" top: "conv4" }
layer { name: "conv5" type: "Convolution" bottom: "conv4" top: "conv5" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 256 pad: 1 kernel_size: 3 group: 2 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu5" type: "ReLU" bottom: "conv5" top: "conv5" }
layer { name: "pool5" type: "Pooling" bottom: "conv5" top: "pool5" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "fc6" type: "InnerProduct" bottom: "pool5" top: "fc6" param { lr_mult: 0.0 } param { lr_mult: 0.0 } inner_product_param { num_output: 4096 weight_filler { type: "gaussian" std: 0.005 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu6" type: "ReLU" bottom: "fc6" top: "fc6" }
layer { name: "drop6" type: "Dropout" bottom: "fc6" top: "fc6" }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7" param { lr_mult: 0.0 } param { lr_mult: 0.0 } inner_product_param { num_output: 4096 weight_filler { type: "gaussian" std: 0.005 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "fc8_flickr" type: "InnerProduct" bottom: "fc7" top: "fc8_flickr" param { lr_mult: 1.0 decay_mult: 1.0 } param { lr_mult: 2.0 decay_mult: 0.0 } inner_product_param { num_output: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8_flickr" bottom: "label" top: "loss" }
layer { name: "acc" type: "Accuracy" bottom: "fc8_flickr" bottom: "label" top: "acc" }
`,
  imagenetNet: `
layer { name: "data" type: "DummyData" top: "data" dummy_data_param { shape { dim: 1 dim: 3 dim: 227 dim: 227 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 96 pad: 0 kernel_size: 11 group: 1 stride: 4 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm1" type: "LRN" bottom: "pool1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "conv2" type: "Convolution" bottom: "norm1" top: "conv2" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 256 pad: 2 kernel_size: 5 group: 2 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm2" type: "LRN" bottom: "pool2" top: "norm2" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "conv3" type: "Convolution" bottom: "norm2" top: "conv3" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 1 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu3" type: "ReLU" bottom: "conv3" top: "conv3" }
layer { name: "conv4" type: "Convolution" bottom: "conv3" top: "conv4" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 2 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu4" type: "ReLU" bottom: "conv4" top: "conv4" }
layer { name: "conv5" type: "Convolution" bottom: "conv4" top: "conv5" param { lr_mult: 0.0 } param { lr_mult: 0.0 } convolution_param { num_output: 256 pad: 1 kernel_size: 3 group: 2 stride: 1 weight_filler { type: "gaussian" std: 0.01 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu5" type: "ReLU" bottom: "conv5" top: "conv5" }
layer { name: "pool5" type: "Pooling" bottom: "conv5" top: "pool5" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "fc6" type: "InnerProduct" bottom: "pool5" top: "fc6" param { lr_mult: 0.0 } param { lr_mult: 0.0 } inner_product_param { num_output: 4096 weight_filler { type: "gaussian" std: 0.005 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu6" type: "ReLU" bottom: "fc6" top: "fc6" }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7" param { lr_mult: 0.0 } param { lr_mult: 0.0 } inner_product_param { num_output: 4096 weight_filler { type: "gaussian" std: 0.005 } bias_filler { type: "constant" value: 0.1 } } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" param { lr_mult: 1.0 decay_mult: 1.0 } param { lr_mult: 2.0 decay_mult: 0.0 } inner_product_param { num_output: 1000 } }
layer { name: "probs" type: "Softmax" bottom: "fc8" top: "probs" }
`,
  nonlinearNet: `
layer { name: "data" type: "HDF5Data" top: "data" top: "label" hdf5_data_param { source: "examples/hdf5_classification/data/train.txt" batch_size: 10 } }
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1" inner_product_param { num_output: 40 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
`,
  multilabelNet: `
layer { name: "data" type: "Python" top: "data" top: "label" python_param { module: "pascal_multilabel_datalayers" layer: "PascalMultilabelDataLayerSync" param_str: "{}" } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 96 pad: 0 kernel_size: 11 group: 1 stride: 4 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm1" type: "LRN" bottom: "pool1" top: "norm1" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "conv2" type: "Convolution" bottom: "norm1" top: "conv2" convolution_param { num_output: 256 pad: 2 kernel_size: 5 group: 2 stride: 1 } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "norm2" type: "LRN" bottom: "pool2" top: "norm2" lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 } }
layer { name: "conv3" type: "Convolution" bottom: "norm2" top: "conv3" convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 1 stride: 1 } }
layer { name: "relu3" type: "ReLU" bottom: "conv3" top: "conv3" }
layer { name: "conv4" type: "Convolution" bottom: "conv3" top: "conv4" convolution_param { num_output: 384 pad: 1 kernel_size: 3 group: 2 stride: 1 } }
layer { name: "relu4" type: "ReLU" bottom: "conv4" top: "conv4" }
layer { name: "conv5" type: "Convolution" bottom: "conv4" top: "conv5" convolution_param { num_output: 256 pad: 1 kernel_size: 3 group: 2 stride: 1 } }
layer { name: "relu5" type: "ReLU" bottom: "conv5" top: "conv5" }
layer { name: "pool5" type: "Pooling" bottom: "conv5" top: "pool5" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "fc6" type: "InnerProduct" bottom: "pool5" top: "fc6" inner_product_param { num_output: 4096 } }
layer { name: "relu6" type: "ReLU" bottom: "fc6" top: "fc6" }
layer { name: "drop6" type: "Dropout" bottom: "fc6" top: "fc6" }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7" inner_product_param { num_output: 4096 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7" }
layer { name: "score" type: "InnerProduct" bottom: "fc7" top: "score" inner_product_param { num_output: 20 } }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "score" bottom: "label" top: "loss" }
`,
};
